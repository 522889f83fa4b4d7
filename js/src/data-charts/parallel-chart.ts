// Rows of a user's table as lines over its columns, by what draws the run table's.
import { ParallelPlot, type PlotLine } from "../charts/parallel/parallel-plot";
import type { PlotColumn } from "../charts/parallel/scale";
import { formatNumber } from "../ui/format";
import type { Theme } from "../ui/theme";
import { bytesOf, type Choice, type ParallelData } from "./data";
import type { ChartFrame } from "./frame";

const HEIGHT = 280;
const MOST_AXES = 30;

export class ParallelChart {
	private readonly plot: ParallelPlot<number>;
	private theme: Theme | undefined;
	private lines: PlotLine<number>[] = [];
	private columns: PlotColumn<number>[] = [];
	private rows = new Uint32Array();
	private marked: ReadonlySet<string> | undefined;
	private pointed: string | undefined;

	constructor(
		private readonly frame: ChartFrame,
		tell: (choice: Choice) => void,
	) {
		this.plot = new ParallelPlot<number>(
			{
				brush: (ids, ranges) => {
					const kept = ranges.map(([id, low, high]): [number, number, number] => [
						Number(id),
						low,
						high,
					]);
					tell(ids ? { kind: "ranges", ranges: kept } : { kind: "clear" });
				},
				point: (id) => this.point(id),
			},
			{ "aria-description": "Drag along an axis to keep a range." },
			MOST_AXES,
			HEIGHT,
		);
		frame.drawing.append(this.plot.root);
	}

	show(data: ParallelData, theme: Theme): void {
		this.theme = theme;
		this.rows = new Uint32Array(bytesOf(data.rows));
		const ofRow = new Uint8Array(bytesOf(data.of_row));
		this.lines = Array.from(this.rows, (_, i) => ({
			item: i,
			id: String(i),
			isShown: true,
			color: data.colors[ofRow[i] ?? 0] ?? theme.accent,
			dash: [],
		}));
		this.columns = data.axes.map(({ name, words, values }, at) => {
			const numbers = new Float64Array(bytesOf(values));
			const of = (i: number) => {
				const value = numbers[i] ?? Number.NaN;
				return words.length > 0 ? words[value] : Number.isFinite(value) ? value : undefined;
			};
			const text = (value: unknown) =>
				typeof value === "number" ? formatNumber(value, 4) : String(value ?? "");
			return { id: String(at), title: name, of, text, ...(words.length > 0 ? { words } : {}) };
		});
		this.plot.clear();
		this.frame.name(data, "Drag along an axis to keep a range; click it to take it away.");
		this.frame.explain(data.colors, data.color_names);
		this.plot.root.setAttribute("aria-label", data.said);
		this.draw();
	}

	mark(places: readonly unknown[]): void {
		this.marked = places.length > 0 ? new Set(places.map(String)) : undefined;
		this.draw();
	}

	draw(): void {
		const { theme, lines, columns, pointed, marked } = this;
		// So many lines would hide each other.
		const opacity = Math.min(0.9, 10 / Math.sqrt(Math.max(1, lines.length)));
		if (theme) this.plot.draw({ lines, columns, theme, pointed, marked, opacity });
	}

	private point(id: string | undefined): void {
		if (id === this.pointed) return;
		this.pointed = id;
		this.draw();
		const at = Number(id);
		const said = this.columns.map((column) => `${column.title} ${column.text(column.of(at))}`);
		this.frame.say(id === undefined ? "" : `row ${this.rows[at]}: ${said.join(", ")}`);
	}
}
