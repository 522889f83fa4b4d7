// The rows of the table: which runs, in which order, in which groups.
import type { RunState } from "../../session/run";
import type { Column, Value } from "./columns";

export interface Sorting {
	readonly column: string;
	readonly isDescending: boolean;
}

export interface RunGroup {
	/** "width = 64". */
	readonly name: string;
	readonly runs: readonly RunState[];
}

/** Runs in order; those without a value come last, whichever way it goes. */
export function sorted(
	runs: readonly RunState[],
	column: Column | undefined,
	isDescending: boolean,
): RunState[] {
	if (!column) return [...runs];
	const keyed = runs.map((run) => ({ run, value: column.of(run) }));
	const direction = isDescending ? -1 : 1;
	keyed.sort((a, b) => {
		const [first, second] = [isMissing(a.value), isMissing(b.value)];
		if (first || second) return Number(first) - Number(second) || a.run.index - b.run.index;
		return direction * compare(a.value, b.value) || a.run.index - b.run.index;
	});
	return keyed.map(({ run }) => run);
}

/** Runs by the value of a column, in the order of the values. */
export function groupsBy(column: Column, runs: readonly RunState[]): RunGroup[] {
	const groups = new Map<string, { value: Value; runs: RunState[] }>();
	for (const run of runs) {
		const value = column.of(run);
		const key = `${typeof value} ${String(value)}`;
		const known = groups.get(key);
		if (known) known.runs.push(run);
		else groups.set(key, { value, runs: [run] });
	}
	return [...groups.values()]
		.sort(
			(a, b) =>
				Number(isMissing(a.value)) - Number(isMissing(b.value)) || compare(a.value, b.value),
		)
		.map(({ value, runs: of }) => ({
			name: `${column.title} = ${isMissing(value) ? "–" : column.text(value)}`,
			runs: of,
		}));
}

/** Whether runs have different values in a column. */
export function differs(column: Column, runs: readonly RunState[]): boolean {
	const [first] = runs;
	if (!first) return false;
	const value = column.of(first);
	return runs.some((run) => column.of(run) !== value);
}

/** Mean and standard deviation of the numbers of a column. */
export function meanOf(
	column: Column,
	runs: readonly RunState[],
): { mean: number; deviation: number; count: number } | undefined {
	const numbers = runs
		.map((run) => column.of(run))
		.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
	if (numbers.length === 0) return undefined;
	const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
	const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
	const deviation = numbers.length > 1 ? Math.sqrt(squares / (numbers.length - 1)) : 0;
	return { mean, deviation, count: numbers.length };
}

function isMissing(value: Value): boolean {
	return value === undefined || (typeof value === "number" && Number.isNaN(value));
}

function compare(a: Value, b: Value): number {
	if (typeof a === "number" && typeof b === "number") return a - b;
	return String(a).localeCompare(String(b), "en", { numeric: true });
}
