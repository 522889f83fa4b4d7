// Histograms as ridges behind each other: values to the right, steps towards the reader, as in TensorBoard's
// offset mode. Other runs' are outlines at their steps.
import { describeBin } from "../../charts/histogram-chart";
import { binAt, type HistogramColumn, valueRange } from "../../charts/histogram-course";
import { formatCount, formatNumber } from "../../ui/format";
import type { Theme } from "../../ui/theme";
import { CourseChart, type Pointed } from "./canvas";
import { chosen, heights, highestDrawn } from "./course";

const AXIS = 16; // below, for the values
const RIDGE = 0.3; // share of the height that the highest ridge takes
const SPACING = 6; // pixels between ridges at the least

export class RidgeChart extends CourseChart {
	/** Of the values of all courses. */
	private range = { min: 0, max: 1 };
	/** CSS pixels to the right for the steps. */
	private labelWidth = 0;

	protected paint(context: CanvasRenderingContext2D, theme: Theme): void {
		const range = valueRange(this.courses.flatMap(({ columns }) => columns));
		this.range = range;
		context.font = `10.5px ${theme.font}`;
		const [first, last] = this.steps;
		const labels = [first, last].map((step) => context.measureText(formatCount(step)).width);
		this.labelWidth = Math.ceil(Math.max(...labels)) + 6;
		const most = Math.max(8, Math.floor(this.height / SPACING));
		const shownStep = this.columns[this.shown]?.step;
		const drawn = this.courses.flatMap(({ columns, color }, course) =>
			chosen(columns, most, course === 0 ? this.shown : -1).map((column) => {
				const tops = heights(column, range.max - range.min, this.isLog);
				return { column, color, course, tops, peak: Math.max(0, ...tops) };
			}),
		);
		// One narrow ridge must not flatten all the others.
		const highest = highestDrawn(drawn.map(({ peak }) => peak));
		const room = this.plot.height * RIDGE;
		drawn.sort((a, b) => a.column.step - b.column.step || b.course - a.course);
		for (const { column, color, course, tops } of drawn) {
			const isShown = course === 0 && column.step === shownStep;
			const isPointed = column.step === this.pointed?.step && course === 0;
			const base = this.baseOf(column.step);
			context.beginPath();
			this.outline(
				context,
				column,
				(bin) => {
					return base - room * Math.min(1, (tops[bin] ?? 0) / highest);
				},
				base,
			);
			if (course === 0) {
				// Older ridges are paler.
				const age = last > first ? (column.step - first) / (last - first) : 1;
				context.fillStyle = theme.sunken;
				context.globalAlpha = 0.75;
				context.fill();
				context.fillStyle = color;
				context.globalAlpha = isShown ? 0.75 : 0.12 + 0.33 * age;
				context.fill();
			}
			context.globalAlpha = isShown || isPointed ? 1 : course === 0 ? 0.65 : 0.9;
			context.strokeStyle = isShown || isPointed ? theme.text : color;
			context.lineWidth = isShown || isPointed ? 1.5 : 1;
			context.stroke();
			context.globalAlpha = 1;
		}
		this.labels(context, theme, range);
	}

	protected at(x: number, y: number): Pointed | undefined {
		const { width, height } = this.plot;
		if (x < 0 || x > width || y < 0 || y > height) return undefined;
		const { range } = this;
		let nearest: HistogramColumn | undefined;
		for (const column of this.columns) {
			const far = Math.abs(this.baseOf(column.step) - y);
			if (!nearest || far < Math.abs(this.baseOf(nearest.step) - y)) nearest = column;
		}
		return (
			nearest && { step: nearest.step, value: range.min + (x / width) * (range.max - range.min) }
		);
	}

	protected words({ step, value }: Pointed) {
		const { min, max } = this.range;
		const column = this.columns.find((one) => one.step === step);
		const text = column ? describeBin(column, binAt(column, value)) : "";
		return { text, x: ((value - min) / (max - min)) * this.plot.width, y: this.baseOf(step) };
	}

	private get plot(): { width: number; height: number } {
		return { width: Math.max(1, this.width - this.labelWidth), height: this.height - AXIS };
	}

	private get steps(): [number, number] {
		const all = this.courses.flatMap(({ columns }) => [
			columns[0]?.step ?? 0,
			columns.at(-1)?.step ?? 0,
		]);
		return [Math.min(...all), Math.max(...all)];
	}

	/** Where the ridge of a step stands. */
	private baseOf(step: number): number {
		const { height } = this.plot;
		const [first, last] = this.steps;
		const top = height * RIDGE;
		const share = last > first ? (step - first) / (last - first) : 1;
		return top + share * (height - top - 1);
	}

	/** A line over the middles of the bins, down to the base at the ends of their range. */
	private outline(
		context: CanvasRenderingContext2D,
		{ counts, edges }: HistogramColumn,
		yOf: (bin: number) => number,
		base: number,
	): void {
		const { width } = this.plot;
		const { min, max } = this.range;
		const xOf = (value: number) =>
			Math.min(width, Math.max(0, ((value - min) / (max - min)) * width));
		context.moveTo(xOf(edges[0] ?? 0), base);
		for (let bin = 0; bin < counts.length; bin += 1) {
			context.lineTo(xOf(((edges[bin] ?? 0) + (edges[bin + 1] ?? 0)) / 2), yOf(bin));
		}
		context.lineTo(xOf(edges[counts.length] ?? 0), base);
	}

	private labels(
		context: CanvasRenderingContext2D,
		theme: Theme,
		range: { min: number; max: number },
	): void {
		const { width } = this.plot;
		context.font = `10.5px ${theme.font}`;
		context.fillStyle = theme.textSoft;
		context.textBaseline = "bottom";
		context.textAlign = "left";
		context.fillText(formatNumber(range.min, 3), 0, this.height);
		context.textAlign = "right";
		context.fillText(formatNumber(range.max, 3), width, this.height);
		const [first, last] = this.steps;
		const shown = this.columns[this.shown]?.step;
		context.textBaseline = "middle";
		context.textAlign = "left";
		const label = (step: number, isStrong: boolean) => {
			context.fillStyle = isStrong ? theme.text : theme.textSoft;
			context.fillText(formatCount(step), width + 4, this.baseOf(step) - 1);
		};
		const isApart = (step: number) =>
			shown === undefined || Math.abs(this.baseOf(step) - this.baseOf(shown)) > 12;
		if (isApart(first)) label(first, false);
		if (last !== first && isApart(last)) label(last, false);
		if (shown !== undefined) label(shown, true);
	}
}
