// The run's newest loss and metric, in the toolbar's line.
import type { Context } from "../../session/panel";
import type { RunState } from "../../session/run";
import { element } from "../../ui/element";
import { formatCount, formatNumber } from "../../ui/format";

export class NewestValues {
	readonly root = element("div", "nbviz-newest");
	private readonly values: HTMLElement[] = [];

	constructor(private readonly context: Context) {}

	/** What has become NaN or infinite, and since when; "" for nothing. */
	broken = "";

	update(run: RunState | undefined): void {
		this.broken = "";
		const { panels, wanted } = this.context;
		let count = 0;
		for (const { name, newest } of panels) {
			if (!newest) continue;
			const values = run ? newest(run) : [];
			// They are sent whether or not a chart shows them.
			wanted.set(name, "toolbar", run ? [{ run, keys: values.map(({ key }) => key) }] : []);
			for (const { label, value, brokenSince } of values) {
				if (value === undefined) continue;
				if (brokenSince !== undefined && this.broken === "") {
					this.broken = `${formatNumber(value)} in ${label} since step ${formatCount(brokenSince)}`;
				}
				this.show(count, label, value);
				count += 1;
			}
		}
		for (const surplus of this.values.splice(count)) surplus.remove();
	}

	private show(index: number, label: string, value: number): void {
		const shown =
			this.values[index] ??
			element("span", "nbviz-fact", {}, element("span", "nbviz-fact-label"), element("b"));
		const [name, number] = shown.children as unknown as [HTMLElement, HTMLElement];
		if (name.title !== label) {
			name.title = label;
			name.replaceChildren(
				element("span", "nbviz-long", {}, label),
				element("span", "nbviz-short", { "aria-hidden": "true" }, brief(label)),
			);
		}
		const text = formatNumber(value, 3);
		if (number.textContent !== text) number.textContent = text;
		number.classList.toggle("nbviz-bad", !Number.isFinite(value));
		this.values[index] = shown;
		if (!shown.isConnected) this.root.append(shown);
	}
}

/** As it is called where there is little room. */
function brief(label: string): string {
	const [chart = ""] = label.split("/val");
	return chart.slice(chart.lastIndexOf("/") + 1).replace(/^accuracy$/, "acc");
}
