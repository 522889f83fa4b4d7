// The series of a run: a number and a tag each, and the points that were sent.
import { SeriesData } from "../../charts/lines/series-data";
import type { CurvesUpdate } from "../../protocol/index.gen";
import { doubles } from "../../session/buffers";
import { PanelState, unreachable } from "../../session/panel-data";
import type { RunState } from "../../session/run";

export interface CurvesState {
	/** A series' number is its place; a place may be empty for a moment. */
	readonly series: SeriesData[];
	/** Tags that a training is going to log, as far as that is known before. */
	expected: readonly string[];
}

/** `series`: there is another series. `points`: series have more points. */
export type CurvesTopic = "series" | "points";

export const curvesState = new PanelState<CurvesState>("curves", () => ({
	series: [],
	expected: [],
}));

export function applyCurves(
	state: CurvesState,
	update: CurvesUpdate,
	buffers: readonly DataView[],
	run: RunState,
): CurvesTopic {
	const { series } = state;
	switch (update.kind) {
		case "series_added":
			series[update.series] = new SeriesData(run.run_id, update.series, update.tag);
			return "series";
		case "tags_expected":
			state.expected = update.tags;
			return "series";
		case "points_appended":
		case "buckets_appended": {
			const columns = update.kind === "points_appended" ? 3 : 7;
			const data = doubles(buffers[update.buffer]);
			let offset = 0;
			for (const [i, number] of update.series.entries()) {
				const count = update.counts[i] ?? 0;
				const block = data.subarray(offset, offset + columns * count);
				if (columns === 3) series[number]?.appendPoints(block, count);
				else series[number]?.appendBuckets(block, count);
				offset += columns * count;
			}
			return "points";
		}
		default:
			return unreachable(update);
	}
}
