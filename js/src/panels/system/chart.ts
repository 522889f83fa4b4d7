// One small chart: its name, the newest value of each measure, and their course.
import { LineChart } from "../../charts/lines/line";
import type { Plot } from "../../charts/lines/plot";
import type { SeriesData } from "../../charts/lines/series-data";
import type { SystemMeasure } from "../../protocol/index.gen";
import { element } from "../../ui/element";
import { formatNumber } from "../../ui/format";
import type { Theme } from "../../ui/theme";
import { placeOf } from "./pointed";

const HEIGHT = 104;
/** Above the highest value where it is not known how high it can be. */
const ROOM = 1.1;

/** A measure and its samples. */
export interface Line {
	readonly measure: SystemMeasure;
	readonly series: SeriesData;
}

export class SystemChart {
	readonly root: HTMLElement;
	private readonly values = element("div", "nbviz-system-values");
	private readonly plot = element("div", "nbviz-plot nbviz-system-plot");
	private readonly chart: LineChart;
	private lines: readonly Line[] = [];

	constructor(title: string, hover: (seconds: number | undefined) => void) {
		this.root = element(
			"div",
			"nbviz-system-chart",
			{ "data-chart": title },
			element(
				"div",
				"nbviz-system-head",
				{},
				element("span", "nbviz-system-title", {}, title),
				this.values,
			),
			this.plot,
		);
		this.chart = new LineChart(this.plot, {
			hover,
			// All of a run's time is shown, always.
			zoom: () => undefined,
			reset: () => undefined,
		});
	}

	/** Draws lines from the run's start to `seconds` after it. */
	draw(lines: readonly Line[], seconds: number, theme: Theme): void {
		this.lines = lines;
		const plot: Plot = {
			traces: lines.map(({ measure, series }, i) => ({
				key: measure.name,
				name: measure.name,
				color: colorOf(theme, i),
				isDashed: false,
				smoothed: undefined,
				best: undefined,
				detail: undefined,
				columns: series,
				x: series.wallTimes,
			})),
			events: [],
			x: { min: 0, max: seconds },
			y: { min: 0, max: highest(lines) },
			isLog: false,
			ignoresOutliers: false,
		};
		this.chart.draw(plot, "time", theme, this.plot.clientWidth, HEIGHT);
		this.say(undefined, theme);
	}

	/** Shows the values at a time, or the newest ones. */
	point(seconds: number | undefined, theme: Theme): void {
		const dots = this.lines.flatMap(({ series }, i) => {
			if (seconds === undefined || series.length === 0) return [];
			const at = placeOf(series.wallTimes, series.length, seconds);
			const y = series.mean[at] ?? Number.NaN;
			const x = series.wallTimes[at] ?? 0;
			return Number.isNaN(y) ? [] : [{ x, y, color: colorOf(theme, i) }];
		});
		this.chart.showCursor(seconds, dots);
		this.say(seconds, theme);
	}

	remove(): void {
		this.chart.destroy();
		this.root.remove();
	}

	private say(seconds: number | undefined, theme: Theme): void {
		const parts = this.lines.map(({ measure, series }, i) => {
			const at =
				seconds === undefined
					? series.length - 1
					: placeOf(series.wallTimes, series.length, seconds);
			const swatch = element("span", "nbviz-system-swatch");
			swatch.style.background = colorOf(theme, i);
			const value = valueText(series.mean[at] ?? Number.NaN, measure);
			return element(
				"span",
				"nbviz-system-value",
				{},
				swatch,
				`${measure.name} `,
				element("b", "", {}, value),
			);
		});
		this.values.replaceChildren(...parts);
	}
}

function colorOf(theme: Theme, index: number): string {
	return theme.series[index % theme.series.length] ?? theme.accent;
}

/** A value with its unit; "–" where it is not known. The axis of a chart of memory ends at what there is. */
export function valueText(value: number, { unit }: SystemMeasure): string {
	if (Number.isNaN(value)) return "–";
	if (unit === "%") return `${Math.round(value)} %`;
	return `${formatNumber(value, value < 0.1 ? 1 : 3)} ${unit}`;
}

function highest(lines: readonly Line[]): number {
	const known = lines.map(({ measure }) => measure.maximum ?? 0);
	const limit = Math.max(...known);
	if (limit > 0) return limit;
	let high = 0;
	for (const { series } of lines) {
		for (let i = 0; i < series.length; i++) {
			const value = series.max[i] ?? 0;
			if (value > high) high = value;
		}
	}
	return high > 0 ? high * ROOM : 1;
}
