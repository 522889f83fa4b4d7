// What the table knows of a run: hyper-parameters, and the newest and extreme values of its tags.
import type { RunsUpdate } from "../../protocol/index.gen";
import { doubles } from "../../session/buffers";
import { PanelState } from "../../session/panel-data";

export type Parameter = number | string | boolean | null;

export interface RunsState {
	parameters: Readonly<Record<string, Parameter>>;
	/** Names of those that the user gave. */
	own: readonly string[];
	tags: readonly string[];
	/** Six numbers a tag, as in `ValuesRead`. */
	values: Float64Array;
	/** Changes with each update. */
	version: number;
}

export const runsState = new PanelState<RunsState>("runs", () => ({
	parameters: {},
	own: [],
	tags: [],
	values: new Float64Array(0),
	version: 0,
}));

export function applyRuns(
	state: RunsState,
	update: RunsUpdate,
	buffers: readonly DataView[],
): "values" {
	state.version += 1;
	if (update.kind === "run_described") {
		state.parameters = { ...update.known, ...update.config };
		state.own = Object.keys(update.config);
	} else {
		state.tags = update.tags ?? state.tags;
		state.values = doubles(buffers[update.buffer]);
	}
	return "values";
}
