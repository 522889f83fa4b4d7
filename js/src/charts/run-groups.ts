// Runs drawn as groups: a table offers the groups, and charts draw each as a mean and a band.
import type { SeriesData } from "./lines/series-data";

/** A line of a chart, as far as groups must know it. */
export interface GroupedLine {
	readonly key: string;
	readonly name: string;
	readonly color: number;
	readonly series: SeriesData;
	readonly run: { readonly run_id: string };
}

/** Groups of runs that a view's charts are to draw in place of the runs. */
export interface RunGroups {
	/** One line for each group and tag, with the lines that it is made of; runs in no group are left out. */
	means<T extends GroupedLine>(lines: readonly T[]): (T & { readonly members: readonly T[] })[];
}

const GROUPS = Symbol.for("nbviz.run-groups");
type Root = HTMLElement & { [GROUPS]?: RunGroups | undefined };

export function runGroupsOf(root: HTMLElement): RunGroups | undefined {
	return (root as Root)[GROUPS];
}

/** Has a view's charts draw groups; undefined has them draw runs. */
export function setRunGroups(root: HTMLElement, groups: RunGroups | undefined): void {
	(root as Root)[GROUPS] = groups;
}
