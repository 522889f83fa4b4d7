// The line below the points: a layout that is made on request, how far it is, and what failed.
import type { CancelLayout, LayoutChanged, Method, StartLayout } from "../../protocol/index.gen";
import type { Asker } from "../../session/asker";
import { element } from "../../ui/element";
import { formatCount } from "../../ui/format";

export const METHOD_NAMES: Readonly<Record<Method, string>> = {
	pca: "PCA",
	tsne: "t-SNE",
	umap: "UMAP",
};

type LayoutRequest = Omit<StartLayout | CancelLayout, "client_id" | "request_id">;

/** Which layout is looked at. */
export interface WantedLayout {
	readonly run_id: string;
	readonly tag: string;
	readonly step: number;
	readonly method: Method;
	readonly dims: 2 | 3;
}

/** Says how a layout stands, and starts and cancels it. */
export class LayoutWork {
	readonly root = element("div", "nbviz-projector-work");
	private failure = "";

	constructor(private readonly asker: Asker) {}

	/** Say why a layout is not there; "" says nothing. */
	fail(failure: string): void {
		this.failure = failure;
	}

	/** Show how the wanted layout stands; undefined where there is nothing to lay out. */
	show(wanted: WantedLayout | undefined, method: Method, layout: LayoutChanged | undefined): void {
		this.root.hidden = method === "pca";
		if (method === "pca" || !wanted) return;
		const name = METHOD_NAMES[method];
		if (!this.asker.isLive) {
			this.root.replaceChildren(element("span", "", {}, this.failure || name));
			return;
		}
		const ask = (kind: LayoutRequest["kind"]) => {
			this.failure = "";
			this.asker.ask({ kind, ...wanted } as LayoutRequest).catch((error: unknown) => {
				this.failure = error instanceof Error ? error.message : String(error);
				this.show(wanted, method, layout);
			});
		};
		const button = (text: string, act: () => void) => {
			const made = element("button", "nbviz-button nbviz-button-small", { type: "button" }, text);
			made.addEventListener("click", act);
			return made;
		};
		const at = `step ${formatCount(wanted.step)}`;
		const parts: (HTMLElement | string)[] = [];
		if (this.failure) parts.push(element("span", "nbviz-projector-failure", {}, this.failure));
		if (layout?.state === "running") {
			const bar = element("progress", "", {
				max: "1",
				value: String(layout.share),
				"aria-label": `${name} of ${at}`,
			});
			parts.push(
				bar,
				element("span", "", {}, `${name} of ${at}: ${layout.text}`),
				button("Cancel", () => ask("cancel_layout")),
			);
		} else {
			const again = layout !== undefined && layout.revision > 0;
			if (layout?.state === "failed")
				parts.push(
					element("span", "nbviz-projector-failure", {}, `${name} failed: ${layout.text}`),
				);
			if (!again) parts.push(element("span", "", {}, `No ${name} of ${at} yet: PCA is shown.`));
			parts.push(button(again ? `${name} again` : `Start ${name}`, () => ask("start_layout")));
		}
		this.root.dataset.state = layout?.state ?? "none";
		this.root.replaceChildren(...parts);
	}
}
