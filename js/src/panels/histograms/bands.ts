// Histograms as bands of percentiles over the steps, as TensorBoard's distributions: half the values lie in
// the two inner bands around the median, all of them between the outermost lines.
import type { HistogramColumn } from "../../charts/histogram-course";
import { formatCount, formatNumber } from "../../ui/format";
import type { Theme } from "../../ui/theme";
import { CourseChart, type Pointed } from "./canvas";
import { quantile, SHARES } from "./course";

const AXIS = 16; // below, for the steps
const MEDIAN = (SHARES.length - 1) / 2;
/** Of the pairs of lines from the outside, how strongly what is between them is filled. */
const FILLS = [0.14, 0.16, 0.2, 0.26];
const OVERLAID = 2; // the pair of another run: one deviation to each side

export class BandsChart extends CourseChart {
	/** The values of `SHARES` of each column, by course. */
	private lines: (readonly number[])[][] = [];
	private range = { min: 0, max: 1 };

	protected paint(context: CanvasRenderingContext2D, theme: Theme): void {
		this.lines = this.courses.map(({ columns }) =>
			columns.map((column) => SHARES.map((share) => quantile(column, share))),
		);
		this.range = this.rangeOf();
		for (let course = this.courses.length - 1; course >= 0; course -= 1) {
			context.fillStyle = context.strokeStyle = this.courses[course]?.color ?? theme.accent;
			for (const [pair, fill] of FILLS.entries()) {
				if (this.courses.length > 1 && pair !== OVERLAID) continue;
				this.band(context, course, pair);
				context.globalAlpha = fill;
				context.fill();
			}
			context.globalAlpha = 1;
			context.lineWidth = 1.5;
			context.beginPath();
			this.line(context, course, MEDIAN);
			context.stroke();
		}
		this.marks(context, theme);
		this.labels(context, theme);
	}

	protected at(x: number, y: number): Pointed | undefined {
		if (x < 0 || x > this.width || y < 0 || y > this.plotHeight) return undefined;
		let nearest: HistogramColumn | undefined;
		for (const column of this.columns) {
			const far = Math.abs(this.xOf(column.step) - x);
			if (!nearest || far < Math.abs(this.xOf(nearest.step) - x)) nearest = column;
		}
		return nearest && { step: nearest.step, value: 0 };
	}

	protected words({ step }: Pointed) {
		const place = this.columns.findIndex((column) => column.step === step);
		const values = this.lines[0]?.[place] ?? [];
		const at = (index: number) => formatNumber(values[index] ?? Number.NaN, 3);
		const text = Number.isFinite(values[MEDIAN])
			? `median ${at(MEDIAN)}\n16–84 %: ${at(2)} to ${at(6)}\nall: ${at(0)} to ${at(8)}\nstep ${formatCount(step)}`
			: `no finite values\nstep ${formatCount(step)}`;
		return { text, x: this.xOf(step), y: this.yOf(values[MEDIAN] ?? 0) };
	}

	private get plotHeight(): number {
		return this.height - AXIS;
	}

	private rangeOf(): { min: number; max: number } {
		const outer = this.courses.length > 1 ? OVERLAID : 0;
		const values = this.lines
			.flat()
			.flatMap((of) => [of[outer] ?? Number.NaN, of[SHARES.length - 1 - outer] ?? Number.NaN])
			.filter(Number.isFinite);
		const [min, max] = [Math.min(...values), Math.max(...values)];
		if (min < max) return { min, max };
		return Number.isFinite(min) ? { min: min - 0.5, max: min + 0.5 } : { min: 0, max: 1 };
	}

	private xOf(step: number): number {
		const all = this.courses.flatMap(({ columns }) => [
			columns[0]?.step ?? 0,
			columns.at(-1)?.step ?? 0,
		]);
		const [first, last] = [Math.min(...all), Math.max(...all)];
		return last > first ? 1 + ((step - first) / (last - first)) * (this.width - 2) : this.width / 2;
	}

	private yOf(value: number): number {
		const { min, max } = this.range;
		return 2 + ((max - value) / (max - min)) * (this.plotHeight - 4);
	}

	/** One line of a course; a step without values ends it, and the next one begins it anew. */
	private line(context: CanvasRenderingContext2D, course: number, share: number): void {
		let isBegun = false;
		for (const [place, column] of (this.courses[course]?.columns ?? []).entries()) {
			const value = this.lines[course]?.[place]?.[share] ?? Number.NaN;
			const [x, y] = [this.xOf(column.step), this.yOf(value)];
			if (!Number.isFinite(value)) isBegun = false;
			else if (isBegun) context.lineTo(x, y);
			else {
				context.moveTo(x, y);
				// One step alone is a short line.
				if (this.courses[course]?.columns.length === 1) context.lineTo(x + 6, y);
				isBegun = true;
			}
		}
	}

	/** The outline of what lies between a pair of lines. */
	private band(context: CanvasRenderingContext2D, course: number, pair: number): void {
		const columns = this.courses[course]?.columns ?? [];
		const points = columns.flatMap(({ step }, place) => {
			const values = this.lines[course]?.[place] ?? [];
			const low = values[pair] ?? Number.NaN;
			const high = values[SHARES.length - 1 - pair] ?? Number.NaN;
			return Number.isFinite(low)
				? [{ x: this.xOf(step), low: this.yOf(low), high: this.yOf(high) }]
				: [];
		});
		const [only] = points;
		if (only && points.length === 1) points.push({ ...only, x: only.x + 6 });
		context.beginPath();
		for (const { x, high } of points) context.lineTo(x, high);
		for (const { x, low } of points.reverse()) context.lineTo(x, low);
		context.closePath();
	}

	private marks(context: CanvasRenderingContext2D, theme: Theme): void {
		const shown = this.columns[this.shown]?.step;
		for (const [step, color] of [
			[shown, theme.accent],
			[this.pointed?.step, theme.text],
		] as const) {
			if (step === undefined) continue;
			context.strokeStyle = color;
			context.lineWidth = 1.5;
			context.beginPath();
			context.moveTo(this.xOf(step), 0);
			context.lineTo(this.xOf(step), this.plotHeight);
			context.stroke();
		}
	}

	private labels(context: CanvasRenderingContext2D, theme: Theme): void {
		const { min, max } = this.range;
		const [first, last] = [this.columns[0]?.step ?? 0, this.columns.at(-1)?.step ?? 0];
		context.font = `10.5px ${theme.font}`;
		const write = (text: string, x: number, y: number, align: CanvasTextAlign) => {
			context.textAlign = align;
			context.lineWidth = 3;
			context.strokeStyle = theme.sunken;
			context.strokeText(text, x, y);
			context.fillStyle = theme.textSoft;
			context.fillText(text, x, y);
		};
		context.textBaseline = "bottom";
		write(formatCount(first), 0, this.height, "left");
		if (last !== first) write(formatCount(last), this.width, this.height, "right");
		write(formatNumber(min, 3), 2, this.plotHeight, "left");
		context.textBaseline = "top";
		write(formatNumber(max, 3), 2, 1, "left");
	}
}
