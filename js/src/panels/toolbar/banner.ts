// What went wrong, below the toolbar: what it was, where, and what can be done next.
import type { Failure } from "../../session/failure";
import { element } from "../../ui/element";
import { formatCount } from "../../ui/format";

export interface BannerAct {
	readonly label: string;
	run(): void;
}

export class Banner {
	readonly root = element("div", "nbviz-banner", { role: "alert", hidden: "" });
	private shown = "";

	/** Tells of a failure, with the acts that are possible now; undefined for none. */
	update(failure: Failure | undefined, acts: readonly BannerAct[]): void {
		const now = JSON.stringify([failure, acts.map(({ label }) => label)]);
		if (now === this.shown) return;
		this.shown = now;
		this.root.hidden = failure === undefined;
		if (!failure) return;
		const { summary, step, line } = failure;
		const where = line ? `${line.cell}, line ${line.number}` : "";
		const buttons = acts.map(({ label, run }) => {
			const button = element(
				"button",
				"nbviz-button nbviz-button-small",
				{ type: "button" },
				label,
			);
			button.addEventListener("click", run);
			return button;
		});
		this.root.replaceChildren(
			element(
				"div",
				"nbviz-banner-text",
				{ title: [summary, where, line?.source].filter(Boolean).join("\n") },
				element("b", "", {}, `Failed after step ${formatCount(step)}`),
				element("span", "nbviz-banner-what", {}, summary),
				...(line
					? [element("span", "nbviz-banner-where", {}, where, element("code", "", {}, line.source))]
					: []),
			),
			...buttons,
		);
	}
}
