// The legend of a chart: which line is whose, its value, and whether it is drawn. Where there is room the
// names stand at the lines' ends. A line that is called like its chart stands beside the chart's title,
// without its name; where runs are compared by training and validation, each has one name, and a key
// beside the title tells the lines apart.

import { lineSample } from "../../../charts/run-style";
import { element } from "../../../ui/element";
import { formatNumber } from "../../../ui/format";

export interface LegendEntry {
	readonly key: string;
	readonly name: string;
	/** What tells it from the run's other lines; empty where there is none. */
	readonly part: string;
	/** A CSS colour. */
	readonly color: string;
	readonly isDashed: boolean;
	/** Where runs are compared, the run's place in the lists of `run-style`. */
	readonly style: number | undefined;
	readonly run_id: string;
	readonly run: string;
	readonly isShown: boolean;
	/** Its best value and where, in words; empty where there is none. */
	readonly best: string;
}

export interface LegendListener {
	/** Hide these lines or, if none of them is drawn, show them. */
	toggle(keys: readonly string[]): void;
	/** Show these lines alone or, if they are alone, all lines. */
	isolate(keys: readonly string[]): void;
	/** The pointer is over a line of this run, or has left it. */
	point(run_id: string | undefined): void;
}

const HINT =
	"Click: hide or show. Double-click, Alt-click or Shift + Enter: show alone, and all again.";

/** The height of a name at a line's end; as in chart.css. */
const LINE_HEIGHT = 16;

/** What has one name. */
interface Row extends Omit<LegendEntry, "key"> {
	readonly id: string;
	/** Its lines; the first is the one whose end and value it tells. */
	readonly keys: readonly string[];
}

interface Item {
	row: Row;
	readonly button: HTMLButtonElement;
	readonly swatch: HTMLElement;
	readonly name: HTMLElement;
	readonly value: HTMLElement;
}

export class Legend {
	/** Below the title: a button for each line, or for each run. */
	readonly root = element("div", "nbviz-legend", {
		role: "group",
		"aria-label": "Lines",
		"data-lm-suppress-shortcuts": "true", // JupyterLab runs cells by Shift + Enter
	});
	private readonly items = new Map<string, Item>();
	private readonly swatch = element("span", "nbviz-line-swatch");
	private readonly value = element("span", "nbviz-legend-value");
	private readonly onlyLine = element("span", "nbviz-legend-only", {}, this.swatch, this.value);
	private readonly parts = element("span", "nbviz-legend-parts", {
		role: "group",
		"aria-label": "Kinds of lines",
	});
	/** Beside the title: the only line, which needs no name, or what kinds of lines there are. */
	readonly beside = element("span", "nbviz-legend-beside", {}, this.onlyLine, this.parts);
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
		const byRun = isNamed ? undefined : groupedByRun(lines);
		this.only = isNamed ? first.key : undefined;
		this.onlyLine.hidden = !isNamed;
		this.root.hidden = isNamed;
		if (isNamed) setColour(this.swatch, first);
		this.onlyLine.title = isNamed ? first.best : "";
		this.showParts(byRun ? lines : []);
		this.beside.hidden = !isNamed && !byRun;
		const each = (entry: LegendEntry): Row => ({ ...entry, id: entry.key, keys: [entry.key] });
		const rows = isNamed ? [] : (byRun ?? lines.map(each));
		const ids = new Set(rows.map(({ id }) => id));
		for (const [id, { button }] of this.items) {
			if (ids.has(id)) continue;
			button.remove();
			this.items.delete(id);
		}
		const shared = sharedStart(rows.map(({ name }) => name));
		for (const row of rows) {
			const item = this.items.get(row.id) ?? this.add(row);
			item.row = row;
			item.name.replaceChildren(...cutInTheMiddle(row.name, shared));
			setColour(item.swatch, row);
			item.button.setAttribute("aria-pressed", String(row.isShown));
			item.button.title = [row.name, row.best, HINT].filter(Boolean).join("\n");
		}
	}

	/** Writes each line's value; a line without one shows a dash. */
	show(values: ReadonlyMap<string, number>): void {
		for (const { row, value } of this.items.values()) {
			const known = row.keys.find((key) => values.has(key));
			write(value, known === undefined ? undefined : values.get(known));
		}
		if (this.only !== undefined) write(this.value, values.get(this.only));
	}

	/**
	 * Puts each name beside its line's end, `tops` pixels from the plot's upper edge; names of lines
	 * that are not drawn come last.
	 */
	place(tops: ReadonlyMap<string, number>, height: number): void {
		const room = height - LINE_HEIGHT;
		const items = [...this.items.values()];
		this.root.dataset.crowded = String(items.length * LINE_HEIGHT > height);
		const wanted = items.map(({ row }) => {
			const drawn = row.keys.find((key) => tops.has(key));
			return (tops.get(drawn ?? "") ?? height + room) - LINE_HEIGHT / 2;
		});
		for (const [i, top] of spread(wanted, LINE_HEIGHT, room).entries()) {
			const style = items[i]?.button.style;
			style?.setProperty("--move", `${Math.round(top - i * LINE_HEIGHT)}px`);
		}
	}

	/** One button for each kind of lines: thin for training, thick for validation. */
	private showParts(lines: readonly LegendEntry[]): void {
		const parts = new Map<string, LegendEntry[]>();
		for (const line of lines) parts.set(line.part, [...(parts.get(line.part) ?? []), line]);
		this.parts.replaceChildren(
			...[...parts].map(([part, of]) => {
				const button = element(
					"button",
					"nbviz-legend-item",
					{
						type: "button",
						title: `Click: hide or show ${part} of all runs`,
						"aria-pressed": String(of.some(({ isShown }) => isShown)),
					},
					element("span", "nbviz-line-weight", { "data-thick": String(of[0]?.isDashed) }),
					part,
				);
				button.addEventListener("click", () => this.listener.toggle(of.map(({ key }) => key)));
				return button;
			}),
		);
	}

	private add(row: Row): Item {
		const swatch = element("span", "nbviz-line-swatch");
		const name = element("span", "nbviz-legend-name");
		const value = element("span", "nbviz-legend-value");
		const button = element(
			"button",
			"nbviz-legend-item",
			{ type: "button", title: HINT },
			swatch,
			name,
			value,
		);
		const item: Item = { row, button, swatch, name, value };
		button.addEventListener("click", (event) => {
			if (event.altKey) this.listener.isolate(item.row.keys);
			else this.listener.toggle(item.row.keys);
		});
		button.addEventListener("keydown", (event) => {
			if (event.key !== "Enter" || !event.shiftKey) return;
			event.preventDefault(); // which would be a click
			this.listener.isolate(item.row.keys);
		});
		button.addEventListener("dblclick", () => this.listener.isolate(item.row.keys));
		button.addEventListener("pointerenter", () => this.listener.point(item.row.run_id));
		button.addEventListener("pointerleave", () => this.listener.point(undefined));
		this.root.append(button);
		this.items.set(row.id, item);
		return item;
	}
}

/** One row a run, where each has lines of training and of validation; else undefined. */
function groupedByRun(lines: readonly LegendEntry[]): Row[] | undefined {
	const runs = new Map<string, LegendEntry[]>();
	for (const line of lines) runs.set(line.run_id, [...(runs.get(line.run_id) ?? []), line]);
	const parts = new Set(lines.map(({ part }) => part));
	const dashes = new Set(lines.map(({ isDashed }) => isDashed));
	if (runs.size < 2 || parts.size !== 2 || dashes.size !== 2) return undefined;
	return [...runs].flatMap(([id, of]): Row[] => {
		const sorted = [...of].sort((a, b) => Number(b.isDashed) - Number(a.isDashed));
		const [first] = sorted;
		if (!first) return [];
		return [
			{
				...first,
				id,
				keys: sorted.map(({ key }) => key),
				name: first.run,
				isShown: of.some(({ isShown }) => isShown),
			},
		];
	});
}

function sharedStart(names: readonly string[]): string {
	if (names.length < 2) return "";
	let shared = names[0] ?? "";
	for (const name of names) while (!name.startsWith(shared)) shared = shared.slice(0, -1);
	return shared;
}

/** Characters of a name's end that stay where it is cut. */
const [LEAST_END, MOST_END] = [4, 10];

/** A name in two pieces, of which the first one is cut where there is no room: what differs stays. */
function cutInTheMiddle(name: string, shared: string): HTMLElement[] {
	const differing = name.length - shared.length;
	const end = Math.min(MOST_END, Math.max(LEAST_END, shared === "" ? 0 : differing));
	const at = Math.max(Math.ceil(name.length / 2), name.length - end);
	return [element("span", "", {}, name.slice(0, at)), element("span", "", {}, name.slice(at))];
}

function setColour(
	swatch: HTMLElement,
	{ color, isDashed, style }: Omit<LegendEntry, "key">,
): void {
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
