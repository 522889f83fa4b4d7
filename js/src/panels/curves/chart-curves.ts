// From the store to the lines of charts: which series share a chart, their names and colours.
import type { Range, XKind } from "../../charts/lines/axis";
import type { SeriesData } from "../../charts/lines/series-data";
import { orderCharts, splitTag } from "../../charts/tags";
import type { RunState } from "../../session/run";
import type { Store } from "../../session/store";
import { curvesState } from "./state";

/** What the reader chose for all charts. */
export interface View {
	/** 0 for none, below 1. */
	smoothing: number;
	xKind: XKind;
	isLog: boolean;
	ignoresOutliers: boolean;
	/** The x range zoomed to; undefined shows all, as it grows. */
	zoom: Range | undefined;
	/** Keys of the series that are not drawn. */
	readonly hidden: Set<string>;
}

/** One line of a chart. */
export interface Curve {
	readonly key: string;
	readonly run: RunState;
	readonly series: SeriesData;
	readonly name: string;
	/** Place in the theme's list of colours. */
	readonly color: number;
	readonly isDashed: boolean;
	/** A learning rate is what it is; to smooth it would be wrong. */
	readonly isSetting: boolean;
}

/** The charts of all runs, in order, each with its lines. */
export function chartCurves(store: Store): Map<string, Curve[]> {
	const runs = [...store.runs.values()];
	const charts = new Map<string, Curve[]>();
	for (const run of runs) {
		for (const series of curvesState.of(run).series.filter(Boolean)) {
			const { chart, split, isValidation, isSetting } = splitTag(series.tag);
			const lines = charts.get(chart) ?? [];
			charts.set(chart, lines);
			const ours = lines.filter((line) => line.run === run);
			const named = runs.length > 1 ? [run.name, split].filter(Boolean).join(" · ") : split;
			lines.push({
				key: `${run.run_id}\n${series.tag}`,
				run,
				series,
				name: named || series.tag,
				color: runs.length > 1 ? run.index : colorOf(isValidation, ours),
				isDashed: isValidation,
				isSetting,
			});
		}
	}
	return new Map(orderCharts(charts.keys()).map((title) => [title, charts.get(title) ?? []]));
}

function colorOf(isValidation: boolean, others: readonly Curve[]): number {
	const wanted = isValidation ? 1 : 0;
	const taken = new Set(others.map((line) => line.color));
	let color = wanted;
	while (taken.has(color)) color += 1;
	return color;
}
