// What the table knows of a run: hyper-parameters, and the newest and extreme values of its tags.
import type { RunsUpdate } from "../../protocol/index.gen";
import { doubles } from "../../session/buffers";
import { PanelState } from "../../session/panel-data";

export type Parameter = number | string | boolean | null;

export interface RunsState {
	parameters: Readonly<Record<string, Parameter>>;
	/** Names of those that the user gave. */
	own: readonly string[];
	/** Which run it goes on from, as "lr-0.1 at step 400"; empty for most. */
	origin: string;
	tags: readonly string[];
	/** Six numbers a tag, as in `ValuesRead`. */
	values: Float64Array;
	/** Changes with each update. */
	version: number;
}

export const runsState = new PanelState<RunsState>("runs", () => ({
	parameters: {},
	own: [],
	origin: "",
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
		state.origin = update.origin;
	} else {
		state.tags = update.tags ?? state.tags;
		state.values = doubles(buffers[update.buffer]);
	}
	return "values";
}
