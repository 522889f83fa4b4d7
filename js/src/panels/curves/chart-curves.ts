// From the store to the lines of charts: which series share a chart, their names and colours.
import type { Range, XKind } from "../../charts/lines/axis";
import type { SeriesData } from "../../charts/lines/series-data";
import { runGroupsOf } from "../../charts/run-groups";
import { orderCharts, splitTag } from "../../charts/tags";
import type { Context } from "../../session/panel";
import { comparedRuns, type RunState } from "../../session/run";
import { type Joining, lineNames } from "./joining";
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
	/** Pauses, changes of settings and the like are not drawn. */
	hidesMarks: boolean;
}

/** One line of a chart. */
export interface Curve {
	readonly key: string;
	readonly run: RunState;
	readonly series: SeriesData;
	readonly name: string;
	/** What tells it from the run's other lines in the chart: "val", a class, a tag; else empty. */
	readonly part: string;
	/** Place in the theme's list of colours; where runs are compared, of dashes and marks too. */
	readonly color: number;
	/** Dashes and marks tell it from others, as where runs are compared. */
	readonly isStyled: boolean;
	readonly isDashed: boolean;
	/** A learning rate is what it is; to smooth it would be wrong. */
	readonly isSetting: boolean;
	/** Of the run that the cell made before: grey, below all others. */
	readonly isEarlier: boolean;
	/** What it is the mean of, where runs are drawn as groups. */
	readonly members?: readonly Curve[];
}

/** The charts of the runs that are shown, in order, each with its lines. */
export function chartCurves(
	{ root, store }: Context,
	isShown: (run: RunState) => boolean,
	joining: Joining,
): Map<string, Curve[]> {
	const isStyled = comparedRuns(store).length > 1;
	const runs = [...store.runs.values()].filter(isShown);
	const charts = new Map<string, Map<RunState, SeriesData[]>>();
	for (const run of runs) {
		const { series: all, expected } = curvesState.of(run);
		// Before the start there are frames of what will come.
		const isReady = (run.progress?.status ?? "ready") === "ready";
		if (isReady || all.length === 0)
			for (const tag of expected) inChart(charts, joining.chartOf(tag), run);
		for (const series of all.filter(Boolean)) {
			inChart(charts, joining.chartOf(series.tag), run).push(series);
		}
	}
	const groups = runGroupsOf(root);
	return new Map(
		orderCharts(charts.keys()).map((title) => {
			const lines = linesOf(charts.get(title) ?? new Map(), isStyled);
			return [title, groups?.means(lines) ?? lines];
		}),
	);
}

function inChart(
	charts: Map<string, Map<RunState, SeriesData[]>>,
	title: string,
	run: RunState,
): SeriesData[] {
	const ofRuns = charts.get(title) ?? new Map<RunState, SeriesData[]>();
	charts.set(title, ofRuns);
	const series = ofRuns.get(run) ?? [];
	ofRuns.set(run, series);
	return series;
}

function linesOf(ofRuns: ReadonlyMap<RunState, readonly SeriesData[]>, isStyled: boolean): Curve[] {
	const tags = [...new Set([...ofRuns.values()].flat().map(({ tag }) => tag))];
	const names = new Map(lineNames(tags).map((name, i) => [tags[i] ?? "", name]));
	const lines: Curve[] = [];
	for (const [run, all] of ofRuns) {
		const taken = new Set<number>();
		const whose = run.is_earlier ? "earlier" : isStyled ? run.name : "";
		for (const series of all) {
			const { split, isValidation, isSetting } = splitTag(series.tag);
			const name = names.get(series.tag) ?? series.tag;
			const part = split === "" && tags.length === 1 ? "" : name;
			const color = isStyled ? run.style : freeColor(isValidation, taken);
			taken.add(color);
			lines.push({
				key: `${run.run_id}\n${series.tag}`,
				run,
				series,
				name: whose ? [whose, part].filter(Boolean).join(" · ") : name,
				part,
				color,
				// After the last colour the first one comes again.
				isStyled: isStyled || color >= COLORS,
				isDashed: isValidation,
				isSetting,
				isEarlier: run.is_earlier,
			});
		}
	}
	// What is drawn last lies above the others.
	return lines.sort((a, b) => Number(b.isEarlier) - Number(a.isEarlier));
}

/** As many as the theme has. */
const COLORS = 8;

function freeColor(isValidation: boolean, taken: ReadonlySet<number>): number {
	let color = isValidation ? 1 : 0;
	while (taken.has(color)) color += 1;
	return color;
}
