// What ended a failed run, in one line.
import type { RunState } from "./run";

export interface Failure {
	/** The traceback's last line: the exception and its message. */
	readonly summary: string;
	readonly step: number;
	/** The innermost line of a notebook's cell that it passed through; undefined if there is none. */
	readonly line: CellLine | undefined;
}

export interface CellLine {
	/** As In [5], or %%live cell 2. */
	readonly cell: string;
	readonly number: string;
	readonly source: string;
}

/** The last error of a failed run; undefined for any other run. */
export function failureOf({ progress, error }: RunState): Failure | undefined {
	if (progress?.status !== "failed" || !error) return undefined;
	return { summary: lastLine(error.text), step: error.step, line: cellLine(error.text) };
}

function cellLine(traceback: string): CellLine | undefined {
	const frames = traceback.matchAll(
		/^ *(?:Cell In ?\[(\d+)\]|File "<live cell (\d+)>"), line (\d+).*\n *(.*)/gm,
	);
	const last = [...frames].at(-1);
	if (!last) return undefined;
	const [, input, live, number = "", source = ""] = last;
	return { cell: input ? `In [${input}]` : `%%live cell ${live}`, number, source };
}

/** The last line of a text that is not empty; of a traceback, what says what was wrong. */
export function lastLine(text: string): string {
	const lines = text.trimEnd().split("\n");
	const raised = /^[\w.]*(Error|Exception|Stopped|Interrupt|Exit)\b/;
	const unindented = [...lines].reverse().find((line) => raised.test(line));
	return (unindented ?? lines.at(-1) ?? "").trim();
}
