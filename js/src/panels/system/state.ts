// What a run used of its machine: a series for each measure.
import { SeriesData } from "../../charts/lines/series-data";
import type { SystemMeasure, SystemUpdate } from "../../protocol/index.gen";
import { doubles } from "../../session/buffers";
import { PanelState, unreachable } from "../../session/panel-data";
import type { RunState } from "../../session/run";

export interface SystemState {
	measures: readonly SystemMeasure[];
	/** The samples of each measure, in the same order. */
	readonly series: SeriesData[];
}

export const systemState = new PanelState<SystemState>("system", () => ({
	measures: [],
	series: [],
}));

const COLUMNS = 7;

export function applySystem(
	state: SystemState,
	update: SystemUpdate,
	buffers: readonly DataView[],
	run: RunState,
): "system" {
	switch (update.kind) {
		case "system_listed":
			state.measures = update.measures;
			return "system";
		case "system_sampled": {
			const data = doubles(buffers[update.buffer]);
			let offset = 0;
			for (const [i, count] of update.counts.entries()) {
				state.series[i] ??= new SeriesData(run.run_id, i, "");
				state.series[i].appendBuckets(data.subarray(offset, offset + COLUMNS * count), count);
				offset += COLUMNS * count;
			}
			return "system";
		}
		default:
			return unreachable(update);
	}
}
