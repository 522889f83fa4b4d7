// A run's lines and events as one list, newest last; only what is new is looked at.
import type { RunState } from "../../session/run";
import { logState } from "./state";

export type EntryLevel = "info" | "print" | "warning" | "error" | "event";

export interface Entry {
	readonly level: EntryLevel;
	readonly step: number;
	/** Seconds since the run started. */
	readonly wallTime: number;
	readonly text: string;
}

const ENTRIES_KEPT = 2000;
const LONGEST_TEXT = 20_000;
// Colours and cursor movements that programs print for a terminal.
const TERMINAL_CODES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, "g");

export class Entries {
	readonly kept: Entry[] = [];
	/** How many entries came before the kept ones. */
	dropped = 0;
	private seenLines = 0;
	private seenEvents = 0;

	constructor(private readonly run: RunState) {}

	/** Takes what is new in the run; returns it. */
	take(): Entry[] {
		const { events } = this.run;
		const { lines, droppedLines } = logState.of(this.run);
		const total = droppedLines + lines.length;
		const fresh = Math.min(total - this.seenLines, lines.length);
		this.dropped += total - this.seenLines - fresh;
		const added: Entry[] = lines.slice(lines.length - fresh).map((line) => ({
			level: line.level,
			step: line.step,
			wallTime: line.wall_time,
			text: readable(line.text),
		}));
		for (const event of events.slice(this.seenEvents)) {
			const text = readable(event.text);
			if (added.some((line) => line.step === event.step && line.text === text)) continue;
			added.push({
				level: event.event === "warning" || event.event === "fault" ? "warning" : "event",
				step: event.step,
				wallTime: event.wall_time,
				text,
			});
		}
		this.seenLines = total;
		this.seenEvents = events.length;
		added.sort((a, b) => a.wallTime - b.wallTime);
		this.kept.push(...added);
		const surplus = Math.max(0, this.kept.length - ENTRIES_KEPT);
		this.kept.splice(0, surplus);
		this.dropped += surplus;
		return added;
	}
}

/** Text without terminal codes and without what a carriage return overwrote. */
function readable(text: string): string {
	const plain = text
		.replace(TERMINAL_CODES, "")
		.split("\n")
		.map((line) => line.trimEnd().split("\r").at(-1) ?? "")
		.join("\n");
	if (plain.length <= LONGEST_TEXT) return plain;
	const missing = (plain.length - LONGEST_TEXT).toLocaleString("en");
	// A traceback says what was wrong at its end.
	return `… (${missing} characters before this)\n${plain.slice(-LONGEST_TEXT)}`;
}
