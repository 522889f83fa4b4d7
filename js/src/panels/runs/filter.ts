// The filter of the table: words that a run's name or parameters hold, and ranges such as lr<0.01.
import type { RunState } from "../../session/run";
import type { Column, Value } from "./columns";

type Test = (run: RunState) => boolean;

export interface Filter {
	passes(run: RunState): boolean;
	/** Names that are no column's, for a word of warning. */
	readonly unknown: readonly string[];
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
	"<": (a, b) => a < b,
	"<=": (a, b) => a <= b,
	">": (a, b) => a > b,
	">=": (a, b) => a >= b,
	"=": (a, b) => a === b,
	"!=": (a, b) => a !== b,
};

/**
 * Reads a filter. `adam -old lr<0.01 model="res net"` keeps runs for which all of it holds: a word must be
 * a part of the name, the state or of a text among the parameters, or none after a minus; `/wide|deep/` is
 * a regular expression; a name before a comparison is a column's, or the only part of one.
 */
export function readFilter(text: string, columns: readonly Column[]): Filter {
	const tests: Test[] = [];
	const unknown: string[] = [];
	for (const [, not, pattern, quoted, name, sign = "", wanted = "", word] of text.matchAll(PARTS)) {
		const column = name === undefined ? undefined : columnNamed(name, columns);
		if (name !== undefined && !column) {
			unknown.push(name);
			continue;
		}
		const test = column
			? compares(column, sign, wanted.replace(/^"|"$/g, ""))
			: holds(pattern === undefined ? part(quoted ?? word ?? "") : matcher(pattern), columns);
		tests.push(not ? (run) => !test(run) : test);
	}
	return { passes: (run) => tests.every((test) => test(run)), unknown };
}

/** After a minus or alone: a pattern between slashes, a quoted text, a comparison, or a word. */
const PARTS =
	/(-(?=\S))?(?:\/((?:[^/\\]|\\.)+)\/(?=\s|$)|"([^"]*)"|([^\s"<>=!]+)\s*(<=|>=|!=|==|<|>|=|:)\s*("[^"]*"|[^\s"]+)|(\S+))/g;

function part(held: string): (text: string) => boolean {
	const wanted = held.toLowerCase();
	return (text) => text.toLowerCase().includes(wanted);
}

/** What a pattern matches; while it is none, as while it is typed, the text itself. */
function matcher(pattern: string): (text: string) => boolean {
	try {
		const made = new RegExp(pattern, "i");
		return (text) => made.test(text);
	} catch {
		return part(pattern);
	}
}

/** A column by its name, by the end of it, or by a part that no other has. */
export function columnNamed(name: string, columns: readonly Column[]): Column | undefined {
	const wanted = name.toLowerCase();
	const by = (matches: (known: string) => boolean) =>
		columns.filter(({ names }) => names.some((known) => matches(known.toLowerCase())));
	const [exact] = by((known) => known === wanted);
	if (exact) return exact;
	// Of accuracy/train and accuracy/val the validation's is meant.
	const begun = by((known) => known.startsWith(`${wanted}/`) || known.endsWith(`.${wanted}`));
	const validation = begun.find(({ id }) => /\/(val|valid|validation|test|eval)$/.test(id));
	if (validation ?? begun[0]) return validation ?? begun[0];
	const holding = by((known) => known.includes(wanted));
	return holding.length > 0 && wanted.length > 1 ? holding[0] : undefined;
}

function holds(matches: (text: string) => boolean, columns: readonly Column[]): Test {
	const texts = columns.filter(
		({ id, kind, isNumber }) =>
			id === "name" || id === "state" || (kind === "parameter" && !isNumber),
	);
	return (run) => texts.some((column) => matches(String(column.of(run) ?? "")));
}

function compares(column: Column, sign: string, wanted: string): Test {
	const number = numberOf(wanted);
	const compare = COMPARISONS[sign === ":" || sign === "==" ? "=" : sign];
	return (run) => {
		const value = column.of(run);
		if (value === undefined || !compare) return false;
		if (typeof value === "number" && number !== undefined) return compare(value, number);
		if (sign === "<" || sign === "<=" || sign === ">" || sign === ">=") return false;
		const isHeld = texts(value).some((text) => text.includes(wanted.toLowerCase()));
		return sign === "!=" ? !isHeld : isHeld;
	};
}

function texts(value: Value): string[] {
	return [String(value).toLowerCase()];
}

function numberOf(text: string): number | undefined {
	const isPercent = text.endsWith("%");
	const number = Number((isPercent ? text.slice(0, -1) : text).replace("−", "-"));
	if (text === "" || Number.isNaN(number)) return undefined;
	return isPercent ? number / 100 : number;
}
