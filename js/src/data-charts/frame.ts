// What all charts of data have around their drawing: title, remark, legend, and a line that reads out.
import { element } from "../ui/element";

export class ChartFrame {
	readonly root = element("figure", "nbviz-data-chart");
	readonly drawing = element("div", "nbviz-data-drawing");
	private readonly title = element("figcaption", "nbviz-data-title");
	private readonly remark = element("p", "nbviz-data-remark");
	private readonly legend = element("div", "nbviz-data-legend");
	private readonly readout = element("p", "nbviz-data-readout", { "aria-live": "polite" });
	private hint = "";

	constructor() {
		this.root.append(this.title, this.remark, this.legend, this.drawing, this.readout);
	}

	/** Takes over what stands around the drawing; `hint` is read out while nothing is pointed at. */
	name(data: { title: string; remark: string }, hint: string): void {
		this.title.textContent = data.title;
		this.title.hidden = data.title === "";
		this.remark.textContent = data.remark;
		this.remark.hidden = data.remark === "";
		this.hint = hint;
		this.say("");
	}

	/** Names colours; those without a name are left out. */
	explain(colors: readonly string[], names: readonly string[]): void {
		const entries = names.flatMap((name, i) => {
			if (!name) return [];
			const swatch = element("span", "nbviz-data-swatch");
			swatch.style.backgroundColor = colors[i] ?? "";
			return [element("span", "nbviz-data-entry", {}, swatch, name)];
		});
		this.legend.replaceChildren(...entries);
		this.legend.hidden = entries.length === 0;
	}

	say(text: string): void {
		this.readout.textContent = text || this.hint;
	}
}

/** A text that fits into a width, its end replaced by …. */
export function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
	if (context.measureText(text).width <= width) return text;
	let [low, high] = [0, text.length];
	while (low < high) {
		const middle = Math.ceil((low + high) / 2);
		if (context.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
		else high = middle - 1;
	}
	return `${text.slice(0, low)}…`;
}
