// From the store to the lines of charts: which series share a chart, their names and colours.
import type { Range, XKind } from "../../charts/lines/axis";
import type { SeriesData } from "../../charts/lines/series-data";
import { runGroupsOf } from "../../charts/run-groups";
import { orderCharts, splitTag } from "../../charts/tags";
import type { Context } from "../../session/panel";
import type { RunState } from "../../session/run";
import type { ShownRuns } from "../../session/shown-runs";
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
	/** Place in the theme's list of colours; where runs are compared, of dashes and marks too. */
	readonly color: number;
	/** Runs are compared. */
	readonly isStyled: boolean;
	readonly isDashed: boolean;
	/** A learning rate is what it is; to smooth it would be wrong. */
	readonly isSetting: boolean;
	/** What it is the mean of, where runs are drawn as groups. */
	readonly members?: readonly Curve[];
}

/** The charts of the runs that are shown, in order, each with its lines. */
export function chartCurves({ root, store }: Context, shown: ShownRuns): Map<string, Curve[]> {
	const isStyled = store.runs.size > 1;
	const runs = [...store.runs.values()].filter((run) => shown.isShown(run));
	const charts = new Map<string, Curve[]>();
	for (const run of runs) {
		for (const series of curvesState.of(run).series.filter(Boolean)) {
			const { chart, split, isValidation, isSetting } = splitTag(series.tag);
			const lines = charts.get(chart) ?? [];
			charts.set(chart, lines);
			const ours = lines.filter((line) => line.run === run);
			const named = isStyled ? [run.name, split].filter(Boolean).join(" · ") : split;
			lines.push({
				key: `${run.run_id}\n${series.tag}`,
				run,
				series,
				name: named || series.tag,
				color: isStyled ? run.style : colorOf(isValidation, ours),
				isStyled,
				isDashed: isValidation,
				isSetting,
			});
		}
	}
	const groups = runGroupsOf(root);
	return new Map(
		orderCharts(charts.keys()).map((title) => {
			const lines = charts.get(title) ?? [];
			return [title, groups?.means(lines) ?? lines];
		}),
	);
}

function colorOf(isValidation: boolean, others: readonly Curve[]): number {
	const wanted = isValidation ? 1 : 0;
	const taken = new Set(others.map((line) => line.color));
	let color = wanted;
	while (taken.has(color)) color += 1;
	return color;
}
