// What a reader chose in the table, for its return after a reload.
import { asChoices, asTexts, type Choices } from "../../ui/view-state";
import type { Column } from "./columns";
import type { Sorting } from "./rows";

export type PlotKind = "none" | "parallel" | "scatter";

export interface RunsChoices {
	filter: string;
	sorting: Sorting | undefined;
	/** Columns by id, in order; undefined chooses those that tell most. */
	columns: readonly string[] | undefined;
	/** Of hyper-parameters only those are shown that differ between runs. */
	onlyDiffering: boolean;
	/** Column by whose values runs are grouped. */
	group: string;
	/** Whether a group's runs are folded away, by its name; those of many runs are at first. */
	folded: Record<string, boolean>;
	/** Name of the baseline. */
	baseline: string;
	plot: PlotKind;
	/** Columns of the scatter. */
	x: string;
	y: string;
	/** Chosen styles by the runs' names. */
	styles: Record<string, number>;
	/** Names that were given to runs, by those that they had. */
	readonly names: Record<string, string>;
}

export function readRunsChoices(kept: Choices): RunsChoices {
	const { column, isDescending } = asChoices(kept.sorting);
	const styles = Object.entries(asChoices(kept.styles)).filter(
		(entry): entry is [string, number] => typeof entry[1] === "number",
	);
	const names = Object.entries(asChoices(kept.names)).filter(
		(entry): entry is [string, string] => typeof entry[1] === "string",
	);
	return {
		filter: text(kept.filter),
		sorting:
			typeof column === "string" ? { column, isDescending: isDescending === true } : undefined,
		columns: Array.isArray(kept.columns) ? asTexts(kept.columns) : undefined,
		onlyDiffering: kept.onlyDiffering !== false,
		group: text(kept.group),
		folded: Object.fromEntries(
			Object.entries(asChoices(kept.folded)).map(([name, is]) => [name, is === true]),
		),
		baseline: text(kept.baseline),
		plot: kept.plot === "parallel" || kept.plot === "scatter" ? kept.plot : "none",
		x: text(kept.x),
		y: text(kept.y),
		styles: Object.fromEntries(styles),
		names: Object.fromEntries(names),
	};
}

/** All as before anything was chosen; names that runs were given are no choice of the table's. */
export function asAtFirst(choices: RunsChoices): void {
	const { names } = choices;
	Object.assign(choices, readRunsChoices({ names }));
}

function text(value: unknown): string {
	return typeof value === "string" ? value : "";
}

/** The tags whose values are shown before any was chosen: one that is measured, and a loss. */
export function mainTags(columns: readonly Column[]): string[] {
	const tags = columns.flatMap(({ id }) => (id.startsWith("newest:") ? [id.slice(7)] : []));
	const isValidation = (tag: string) =>
		/(^|[/_])(val|valid|validation|test|eval)([/_]|$)/.test(tag);
	const losses = tags.filter((tag) => /loss/i.test(tag));
	const measured = tags.filter(
		(tag) => !/loss|(^|\/)(lr|grad_norm|skipped_updates)(\/|$)/i.test(tag),
	);
	const first = (of: readonly string[]) => of.find(isValidation) ?? of[0];
	const metric = first(measured.filter((tag) => /acc|f1|auc|score/i.test(tag))) ?? first(measured);
	return [metric, first(losses)].filter((tag) => tag !== undefined);
}
