// Traces made of plain arrays.

import { SeriesData } from "../../src/charts/lines/series-data";
import type { Trace } from "../../src/charts/lines/trace";
import type { Theme } from "../../src/ui/theme";

export function seriesOf(values: readonly number[], steps?: readonly number[]): SeriesData {
	const series = new SeriesData("run-1", 0, "loss/train");
	const at = steps ?? values.map((_, i) => i + 1);
	series.appendPoints(Float64Array.from([...at, ...at, ...values]), values.length);
	return series;
}

export function traceOf(values: readonly number[], more: Partial<Trace> = {}): Trace {
	const columns = more.columns ?? seriesOf(values);
	return {
		key: "run-1\nloss/train",
		name: "train",
		color: "#2f6fde",
		isDashed: false,
		columns,
		x: columns.steps,
		smoothed: undefined,
		best: undefined,
		detail: undefined,
		...more,
	};
}

export const THEME: Theme = {
	isDark: false,
	surface: "#fff",
	sunken: "#eee",
	border: "#ddd",
	grid: "#ccc",
	text: "#000",
	textSoft: "#555",
	accent: "#2f6fde",
	good: "#1f8a5b",
	warn: "#b4690e",
	bad: "#c9372c",
	series: ["#2f6fde", "#e0702b"],
	font: 'Inter, "Segoe UI"',
};
