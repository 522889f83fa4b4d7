// What ended a failed run, in one line.
import type { RunState } from "../store";

export interface Failure {
	/** The traceback's last line: the exception and its message. */
	readonly summary: string;
	readonly step: number;
}

/** The last error of a failed run; undefined for any other run. */
export function failureOf(run: RunState): Failure | undefined {
	if (run.progress?.status !== "failed") return undefined;
	const line = [...run.lines].reverse().find(({ level }) => level === "error");
	if (!line) return undefined;
	return { summary: lastLine(line.text), step: line.step };
}

/** The last line of a text that is not empty; of a traceback, what says what was wrong. */
export function lastLine(text: string): string {
	const lines = text.trimEnd().split("\n");
	const raised = /^[\w.]*(Error|Exception|Stopped|Interrupt|Exit)\b/;
	const unindented = [...lines].reverse().find((line) => raised.test(line));
	return (unindented ?? lines.at(-1) ?? "").trim();
}
