// Runs drawn as groups: a table offers the groups, and charts draw each as a mean and a band.
import type { SeriesData } from "./lines/series-data";

/** What has a run's id and one of its series. */
interface OfRun {
	readonly run: { readonly run_id: string };
	readonly series: SeriesData;
}

/** Groups of runs that a view's charts are to draw in place of the runs. */
export interface RunGroups {
	/** A run's group and the group's place among all; undefined for a run that is in none. */
	of(run_id: string): { readonly name: string; readonly place: number } | undefined;
	/** The mean and the extremes of series over their steps; the same object while nothing changed. */
	merge(key: string, series: readonly SeriesData[]): SeriesData;
}

const GROUPS = Symbol.for("nbviz.run-groups");
type Root = HTMLElement & { [GROUPS]?: RunGroups };

export function runGroupsOf(root: HTMLElement): RunGroups | undefined {
	return (root as Root)[GROUPS];
}

/** Has a view's charts draw groups; undefined has them draw runs. */
export function setRunGroups(root: HTMLElement, groups: RunGroups | undefined): void {
	if (groups) (root as Root)[GROUPS] = groups;
	else delete (root as Root)[GROUPS];
}

/** One line for each group and tag, with what it was made of; runs without a group are left out. */
export function grouped<T extends OfRun>(
	groups: RunGroups,
	lines: readonly T[],
): { readonly name: string; readonly place: number; readonly series: SeriesData; members: T[] }[] {
	const found = new Map<string, { name: string; place: number; members: T[] }>();
	for (const line of lines) {
		const group = groups.of(line.run.run_id);
		if (!group) continue;
		const key = `${line.series.tag}\n${group.name}`;
		const known = found.get(key);
		if (known) known.members.push(line);
		else found.set(key, { ...group, members: [line] });
	}
	const inOrder = [...found].sort(([, a], [, b]) => a.place - b.place);
	return inOrder.map(([key, { name, place, members }]) => ({
		name,
		place,
		members,
		series: groups.merge(
			key,
			members.map(({ series }) => series),
		),
	}));
}
