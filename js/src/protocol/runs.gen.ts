// Generated from nbviz/protocol/runs.py by generate_protocol.py. Do not edit.

/** What a run was made with, by name; where both name the same, `config` counts. */
export interface RunDescribed {
	kind: "run_described";
	run_id: string;
	known: Record<string, number | string | boolean | null>;
	config: Record<string, number | string | boolean | null>;
	origin: string;
}

/** Newest and extreme values of a run's tags, in place of those before. Buffer: float64. For each tag six numbers: the newest value and its step, the lowest finite one and its step, the highest finite one and its step; NaN for what is not known yet. */
export interface ValuesRead {
	kind: "values_read";
	run_id: string;
	tags: string[] | null;
	buffer: number;
}

/** Give a run another name. */
export interface RenameRun {
	kind: "rename_run";
	client_id: string;
	request_id: number;
	run_id: string;
	name: string;
}

/** What comes unasked. */
export type RunsUpdate = RunDescribed | ValuesRead;
