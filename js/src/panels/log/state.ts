// The newest lines of a run's log.
import type { Line, LogUpdate } from "../../protocol/index.gen";
import { PanelState, unreachable } from "../../session/panel-data";
import type { RunState } from "../../session/run";
import type { RunTopic } from "../../session/store";

const LINES_KEPT = 2000;

export interface LogState {
	readonly lines: Line[];
	/** How many lines came before those that are kept. */
	droppedLines: number;
}

/** `lines`: there are more lines. `progress`: one of them is an error, which is part of the run's state. */
export type LogTopic = "lines" | Extract<RunTopic, "progress">;

export const logState = new PanelState<LogState>("log", () => ({ lines: [], droppedLines: 0 }));

export function applyLog(
	state: LogState,
	update: LogUpdate,
	_buffers: readonly DataView[],
	run: RunState,
): LogTopic {
	switch (update.kind) {
		case "lines_appended": {
			const { lines } = state;
			lines.push(...update.lines);
			const surplus = Math.max(0, lines.length - LINES_KEPT);
			lines.splice(0, surplus);
			state.droppedLines += update.dropped + surplus;
			const error = update.lines.filter(({ level }) => level === "error").at(-1);
			run.error = error ?? run.error;
			return error ? "progress" : "lines";
		}
		default:
			return unreachable(update.kind);
	}
}
