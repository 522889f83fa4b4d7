// The columns that a run table can have, and what stands in them.
import type { PlotColumn, Value } from "../../charts/parallel/scale";
import { betterValues } from "../../charts/tags";
import type { RunState } from "../../session/run";
import { formatCount, formatDuration, formatNumber } from "../../ui/format";
import { type Parameter, runsState } from "./state";

export type { Value };
/** What is known of a column: of the run itself, a value of a tag, or a hyper-parameter. */
export type ColumnKind = "run" | "value" | "parameter";

/** Its id is `step`, `best:accuracy/val` or `parameter:lr`, for example. */
export interface Column extends PlotColumn<RunState> {
	readonly kind: ColumnKind;
	/** Words by which a filter may call it. */
	readonly names: readonly string[];
	readonly isNumber: boolean;
	/** The first click on its head sorts the largest first. */
	readonly isLargestFirst: boolean;
	/** What a difference to a baseline is written as; a column without one shows none. */
	difference?(value: number): string;
}

const STATES: Readonly<Record<string, string>> = {
	ready: "ready",
	running: "running",
	paused: "paused",
	stopping: "stopping",
	finished: "finished",
	stopped: "stopped",
	failed: "failed",
};
const [NEWEST, NEWEST_STEP, LOWEST, LOWEST_STEP, HIGHEST, HIGHEST_STEP] = [0, 1, 2, 3, 4, 5];
const NUMBERS = 6;

const RUN_COLUMNS: readonly Column[] = [
	ofRun("name", "run", (run) => run.name),
	ofRun("state", "state", ({ progress }) => STATES[progress?.status ?? "ready"]),
	ofRun("step", "step", ({ progress }) => progress?.step, formatCount),
	ofRun("epoch", "epoch", ({ progress }) => progress?.epoch || undefined, formatCount),
	ofRun("duration", "duration", ({ progress }) => progress?.elapsed_seconds, formatDuration),
	ofRun("started", "started", ({ progress }) => progress?.started_at || undefined, startText),
	ofRun("speed", "steps/s", ({ progress }) => progress?.steps_per_second ?? undefined),
];

/** Which run one goes on from; shown where there is one. */
const ORIGIN = ofRun("origin", "from", (run) => runsState.of(run).origin || undefined);

/** All columns that runs have, those of the run first, then tags, then hyper-parameters. */
export function columnsOf(runs: readonly RunState[]): Column[] {
	const tags = new Set<string>();
	const parameters = new Map<string, boolean>();
	for (const run of runs) {
		const state = runsState.of(run);
		for (const tag of state.tags) tags.add(tag);
		for (const [name, value] of Object.entries(state.parameters)) {
			const isNumber = typeof value === "number" || value === null;
			parameters.set(name, (parameters.get(name) ?? true) && isNumber);
		}
	}
	return [
		...RUN_COLUMNS,
		...(runs.some((run) => runsState.of(run).origin) ? [ORIGIN] : []),
		...[...tags].flatMap(ofTag),
		...[...parameters].map(([name, isNumber]) => ofParameter(name, isNumber)),
	];
}

function ofRun(
	id: string,
	title: string,
	of: (run: RunState) => Value,
	format: (value: number) => string = formatNumber,
): Column {
	const isNumber = id !== "name" && id !== "state" && id !== "origin";
	return {
		id,
		title,
		kind: "run",
		names: [id],
		isNumber,
		isLargestFirst: isNumber,
		of,
		text: (value) => (typeof value === "number" ? format(value) : String(value ?? "")),
	};
}

function ofTag(tag: string): Column[] {
	const better = betterValues(tag);
	const isSmaller = better === "lower";
	const [best, bestStep] = isSmaller ? [LOWEST, LOWEST_STEP] : [HIGHEST, HIGHEST_STEP];
	const word = better ? "best" : "highest"; // which is not known to be the best
	const one = (id: string, title: string, place: number, names: readonly string[]): Column => ({
		id: `${id}:${tag}`,
		title,
		kind: "value",
		names,
		isNumber: true,
		isLargestFirst: !isSmaller || place === bestStep,
		of: (run) => numberAt(run, tag, place),
		text: (value) => (typeof value === "number" ? formatNumber(value) : ""),
		...(place === bestStep || place === NEWEST_STEP ? {} : { difference: signedNumber }),
	});
	return [
		one("best", `${word} ${tag}`, best, [tag, `best ${tag}`, `highest ${tag}`]),
		one("newest", tag, NEWEST, [`newest ${tag}`, `last ${tag}`]),
		one("best step", `step of ${word} ${tag}`, bestStep, []),
	];
}

function ofParameter(name: string, isNumber: boolean): Column {
	return {
		id: `parameter:${name}`,
		title: name,
		kind: "parameter",
		names: [name],
		isNumber,
		isLargestFirst: false,
		of: (run) => asValue(runsState.of(run).parameters[name]),
		text: (value) => (typeof value === "number" ? parameterText(value) : String(value ?? "")),
	};
}

/** Absent and None are told apart: one is empty, the other a word. */
function asValue(parameter: Parameter | undefined): Value {
	return parameter === null ? "None" : parameter;
}

function numberAt(run: RunState, tag: string, place: number): number | undefined {
	const { tags, values } = runsState.of(run);
	const row = tags.indexOf(tag);
	const value = row < 0 ? Number.NaN : (values[row * NUMBERS + place] ?? Number.NaN);
	// A newest value that is NaN is known to be so; the others are not known.
	if (Number.isNaN(value) && (place !== NEWEST || row < 0)) return undefined;
	return value;
}

/** A setting as it was given: 0.001, 64, 3e−5. */
function parameterText(value: number): string {
	if (!Number.isFinite(value) || Number.isInteger(value)) return formatNumber(value, 7);
	return formatNumber(value, 5);
}

export function signedNumber(value: number): string {
	const text = formatNumber(value, 3);
	return value > 0 ? `+${text}` : text;
}

function startText(seconds: number): string {
	const at = new Date(1000 * seconds);
	const two = (value: number) => String(value).padStart(2, "0");
	const isToday = at.toDateString() === new Date().toDateString();
	const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
	const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
	return isToday ? clock : `${day} ${clock}`;
}
