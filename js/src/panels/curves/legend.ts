// The legend of a chart: which line is whose, its value, and whether it is drawn. Where there is room the
// names stand at the lines' ends. A line that is called like its chart stands beside the chart's title,
// without its name.

import { lineSample } from "../../charts/run-style";
import { element } from "../../ui/element";
import { formatNumber } from "../../ui/format";

export interface LegendEntry {
	readonly key: string;
	readonly name: string;
	/** A CSS colour. */
	readonly color: string;
	readonly isDashed: boolean;
	/** Where runs are compared, the run's place in the lists of `run-style`. */
	readonly style: number | undefined;
	readonly run_id: string;
	readonly isShown: boolean;
	/** Its best value and where, in words; empty where there is none. */
	readonly best: string;
}

export interface LegendListener {
	toggle(key: string): void;
	/** Show this line alone or, if it is alone, all lines. */
	isolate(key: string): void;
	/** The pointer is over a line of this run, or has left it. */
	point(run_id: string | undefined): void;
}

const HINT =
	"Click: hide or show. Double-click, Alt-click or Shift + Enter: show alone, and all again.";

/** The height of a name at a line's end; as in chart.css. */
const LINE_HEIGHT = 16;

interface Item {
	readonly button: HTMLButtonElement;
	readonly swatch: HTMLElement;
	readonly name: Text;
	readonly value: HTMLElement;
}

export class Legend {
	/** Below the title: a button for each line. */
	readonly root = element("div", "nbviz-legend", {
		role: "group",
		"aria-label": "Lines",
		"data-lm-suppress-shortcuts": "true", // JupyterLab runs cells by Shift + Enter
	});
	private readonly items = new Map<string, Item>();
	private readonly swatch = element("span", "nbviz-line-swatch");
	private readonly value = element("span", "nbviz-legend-value");
	/** Beside the title: the only line, which needs no name. */
	readonly beside = element("span", "nbviz-legend-beside", {}, this.swatch, this.value);
	private only: string | undefined;
	private shown = "";

	constructor(
		private readonly title: string,
		private readonly listener: LegendListener,
	) {}

	/** Shows these lines; buttons that stay keep their focus. */
	update(lines: readonly LegendEntry[]): void {
		const now = JSON.stringify(lines);
		if (now === this.shown) return;
		this.shown = now;
		const [first] = lines;
		// One that was hidden needs its button to come back.
		const isNamed = lines.length === 1 && first?.name === this.title && first.isShown;
		this.only = isNamed ? first.key : undefined;
		this.beside.hidden = !isNamed;
		this.root.hidden = isNamed;
		if (isNamed) setColour(this.swatch, first);
		this.beside.title = isNamed ? first.best : "";
		const entries = isNamed ? [] : lines;
		const keys = new Set(entries.map(({ key }) => key));
		for (const [key, { button }] of this.items) {
			if (keys.has(key)) continue;
			button.remove();
			this.items.delete(key);
		}
		for (const entry of entries) {
			const item = this.items.get(entry.key) ?? this.add(entry.key, entry.run_id);
			item.name.data = entry.name;
			setColour(item.swatch, entry);
			item.button.setAttribute("aria-pressed", String(entry.isShown));
			item.button.title = [entry.best, HINT].filter(Boolean).join("\n");
		}
	}

	/** Writes each line's value; a line without one shows a dash. */
	show(values: ReadonlyMap<string, number>): void {
		for (const [key, { value }] of this.items) write(value, values.get(key));
		if (this.only !== undefined) write(this.value, values.get(this.only));
	}

	/**
	 * Puts each name beside its line's end, `tops` pixels from the plot's upper edge; names of lines
	 * that are not drawn come last.
	 */
	place(tops: ReadonlyMap<string, number>, height: number): void {
		const room = height - LINE_HEIGHT;
		const keys = [...this.items.keys()];
		this.root.dataset.crowded = String(keys.length * LINE_HEIGHT > height);
		const wanted = keys.map((key) => (tops.get(key) ?? height + room) - LINE_HEIGHT / 2);
		for (const [i, top] of spread(wanted, LINE_HEIGHT, room).entries()) {
			const { style } = this.items.get(keys[i] ?? "")?.button ?? {};
			style?.setProperty("--move", `${Math.round(top - i * LINE_HEIGHT)}px`);
		}
	}

	private add(key: string, run_id: string): Item {
		const swatch = element("span", "nbviz-line-swatch");
		const name = document.createTextNode("");
		const value = element("span", "nbviz-legend-value");
		const button = element(
			"button",
			"nbviz-legend-item",
			{ type: "button", title: HINT },
			swatch,
			element("span", "nbviz-legend-name", {}, name),
			value,
		);
		button.addEventListener("click", (event) => {
			if (event.altKey) this.listener.isolate(key);
			else this.listener.toggle(key);
		});
		button.addEventListener("keydown", (event) => {
			if (event.key !== "Enter" || !event.shiftKey) return;
			event.preventDefault(); // which would be a click
			this.listener.isolate(key);
		});
		button.addEventListener("dblclick", () => this.listener.isolate(key));
		button.addEventListener("pointerenter", () => this.listener.point(run_id));
		button.addEventListener("pointerleave", () => this.listener.point(undefined));
		this.root.append(button);
		const item = { button, swatch, name, value };
		this.items.set(key, item);
		return item;
	}
}

function setColour(swatch: HTMLElement, { color, isDashed, style }: LegendEntry): void {
	swatch.style.color = color;
	swatch.dataset.dashed = String(isDashed);
	const shown = String(style);
	if (swatch.dataset.run === shown) return;
	swatch.dataset.run = shown;
	swatch.replaceChildren(...(style === undefined ? [] : [lineSample(style)]));
}

function write(value: HTMLElement, number: number | undefined): void {
	const text = number === undefined ? "–" : formatNumber(number);
	if (value.textContent !== text) value.textContent = text;
	value.classList.toggle("nbviz-bad", number !== undefined && !Number.isFinite(number));
}

/** Pixels from the upper edge, in the order given, at least `gap` apart and at most `room`. */
export function spread(wanted: readonly number[], gap: number, room: number): number[] {
	const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
	const tops = new Array<number>(wanted.length).fill(0);
	let least = 0;
	for (const i of order) {
		tops[i] = Math.max(least, wanted[i] ?? 0);
		least = tops[i] + gap;
	}
	let most = room;
	for (const i of order.reverse()) {
		tops[i] = Math.max(0, Math.min(most, tops[i] ?? 0));
		most = tops[i] - gap;
	}
	return tops;
}
