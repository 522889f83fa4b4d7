// What the table shows now: which columns and rows follow from the runs and from what was chosen.
import { MOST_SHOWN, type RunState } from "../../session/run";
import { mainTags, type RunsChoices } from "./choices";
import { type Column, columnsOf } from "./columns";
import { readFilter } from "./filter";
import { differs, groupsBy, type RunGroup, sorted } from "./rows";
import { runsState } from "./state";
import type { Row } from "./table";

export interface Shown {
	readonly columns: readonly Column[];
	/** All there are to choose from. */
	readonly all: readonly Column[];
	readonly rows: readonly Row[];
	/** The runs of the rows, in order. */
	readonly runs: readonly RunState[];
	readonly groups: readonly RunGroup[] | undefined;
	/** Columns by which runs can be grouped. */
	readonly groupable: readonly Column[];
	/** Runs are left out by the filter or by a brush. */
	readonly isNarrowed: boolean;
	/** Names in the filter that are no column's. */
	readonly unknown: readonly string[];
}

/** Rows and columns of the table. `brushed` are the runs that a plot keeps. */
export function shownBy(
	runs: readonly RunState[],
	choices: RunsChoices,
	brushed: ReadonlySet<string> | undefined,
): Shown {
	const all = known(runs);
	const byId = new Map(all.map((column) => [column.id, column]));
	const filter = readFilter(choices.filter, all);
	const found = runs.filter(
		(run) => filter.passes(run) && (brushed === undefined || brushed.has(run.run_id)),
	);
	const { sorting } = choices;
	const ordered = sorted(
		found,
		sorting && byId.get(sorting.column),
		sorting?.isDescending ?? false,
	);
	const groupable = all.filter((column) => column.kind === "parameter" && differs(column, runs));
	const by = byId.get(choices.group);
	const groups = by && groupsBy(by, ordered);
	const rows: Row[] = groups
		? groups.flatMap((group, place): Row[] => {
				const isFolded = choices.folded[group.name] ?? ordered.length > MOST_SHOWN;
				const runs = isFolded ? [] : group.runs;
				return [{ group, place, isFolded }, ...runs.map((run) => ({ run }))];
			})
		: ordered.map((run) => ({ run }));
	return {
		columns: columnsToShow(all, byId, runs, choices),
		all,
		rows,
		runs: groups ? groups.flatMap((group) => group.runs) : ordered,
		groups,
		groupable: groupable.filter((column) => valueCount(column, runs) < Math.max(2, runs.length)),
		isNarrowed: choices.filter !== "" || brushed !== undefined,
		unknown: filter.unknown,
	};
}

function columnsToShow(
	all: readonly Column[],
	byId: ReadonlyMap<string, Column>,
	runs: readonly RunState[],
	{ columns, onlyDiffering, group }: RunsChoices,
): Column[] {
	const name = byId.get("name");
	const ids = columns ?? suggested(all);
	const shown = ids
		.map((id) => byId.get(id))
		.filter((column) => column !== undefined)
		.filter(
			(column) =>
				!onlyDiffering || column.kind !== "parameter" || runs.length < 2 || differs(column, runs),
		)
		.filter(({ id }) => id !== "name" && id !== group);
	return name ? [name, ...shown] : shown;
}

/** The columns that tell most: the main values, where a run is, then what it was made with. */
export function suggested(all: readonly Column[]): string[] {
	const [metric, loss] = mainTags(all);
	const origin = all.find(({ id }) => id === "origin");
	const values = [
		origin?.id,
		metric && `best:${metric}`,
		loss && `newest:${loss}`,
		"state",
		"step",
		"duration",
	];
	const parameters = all.filter(({ kind }) => kind === "parameter").map(({ id }) => id);
	return [...values, ...parameters].filter((id) => id !== undefined);
}

function valueCount(column: Column, runs: readonly RunState[]): number {
	return new Set(runs.map((run) => String(column.of(run)))).size;
}

let last: { readonly key: string; readonly columns: readonly Column[] } | undefined;

/** The columns of runs; made anew only where tags or hyper-parameters came. */
function known(runs: readonly RunState[]): readonly Column[] {
	let names = 0;
	for (const run of runs) {
		const { tags, parameters, origin } = runsState.of(run);
		names += tags.length + Object.keys(parameters).length + Number(origin !== "");
	}
	const key = `${runs.length} ${runs[0]?.run_id} ${runs.at(-1)?.run_id} ${names}`;
	if (last?.key !== key) last = { key, columns: columnsOf(runs) };
	return last.columns;
}
