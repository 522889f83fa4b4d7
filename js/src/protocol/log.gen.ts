// Generated from nbviz/protocol/log.py by generate_protocol.py. Do not edit.

export type LineLevel = "info" | "print" | "warning" | "error";

/** One line of a run's log. */
export interface Line {
	level: "info" | "print" | "warning" | "error";
	step: number;
	wall_time: number;
	text: string;
}

/** New lines of the run's log. `dropped` lines before them are gone from memory. */
export interface LinesAppended {
	kind: "lines_appended";
	run_id: string;
	lines: Line[];
	dropped: number;
}

/** What comes unasked. */
export type LogUpdate = LinesAppended;
