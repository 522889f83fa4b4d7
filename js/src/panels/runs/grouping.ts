// Groups of runs as one line each: the mean over the runs, and a band from the lowest to the highest.
import { lowerBound, SeriesData } from "../../charts/lines/series-data";
import type { GroupedLine, RunGroups } from "../../charts/run-groups";
import { splitTag } from "../../charts/tags";
import type { RunGroup } from "./rows";

/** Steps at which a mean is taken, at most. */
const MOST_STEPS = 1000;

/** What charts need to draw groups in place of runs. */
export function runGroups(groups: readonly RunGroup[]): RunGroups {
	const places = new Map(
		groups.flatMap(({ name, runs }, place) =>
			runs.map(({ run_id }) => [run_id, { name, place }] as const),
		),
	);
	const known = new Map<string, { version: string; series: SeriesData }>();
	/** The same object while nothing changed, so that charts need not draw it anew. */
	const merge = (key: string, series: readonly SeriesData[]) => {
		const version = series.map((one) => `${one.run_id} ${one.version}`).join();
		const before = known.get(key);
		if (before?.version === version) return before.series;
		const merged = mean(series);
		known.set(key, { version, series: merged });
		return merged;
	};
	return {
		means<T extends GroupedLine>(lines: readonly T[]) {
			const found = new Map<string, { name: string; place: number; members: T[] }>();
			for (const line of lines) {
				const group = places.get(line.run.run_id);
				if (!group) continue;
				const key = `${line.series.tag}\n${group.name}`;
				const one = found.get(key);
				if (one) one.members.push(line);
				else found.set(key, { ...group, members: [line] });
			}
			const inOrder = [...found].sort(([, a], [, b]) => a.place - b.place);
			return inOrder.flatMap(([key, { name, place, members }]) => {
				const [first] = members;
				if (!first) return [];
				const { split } = splitTag(first.series.tag);
				const series = merge(
					key,
					members.map((line) => line.series),
				);
				const named = [name, split].filter(Boolean).join(" · ");
				return [{ ...first, key, series, name: named, color: place, members }];
			});
		},
	};
}

/** The mean, lowest and highest of series at the steps of the one with the most entries. */
export function mean(series: readonly SeriesData[]): SeriesData {
	const filled = series.filter(({ length }) => length > 0);
	const tag = series[0]?.tag ?? "";
	const merged = new SeriesData("", 0, tag);
	const longest = filled.reduce<SeriesData | undefined>(
		(most, one) => (most && most.length >= one.length ? most : one),
		undefined,
	);
	if (!longest) return merged;
	const count = Math.min(MOST_STEPS, longest.length);
	const block = new Float64Array(7 * count);
	for (let i = 0; i < count; i++) {
		const entry = count === 1 ? 0 : Math.round((i * (longest.length - 1)) / (count - 1));
		const step = longest.steps[entry] ?? 0;
		let [sum, low, high, found] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
		for (const one of filled) {
			const value = valueAt(one, step);
			if (Number.isNaN(value)) continue;
			sum += value;
			low = Math.min(low, value);
			high = Math.max(high, value);
			found += 1;
		}
		const isKnown = found > 0;
		block[i] = step;
		block[count + i] = longest.wallTimes[entry] ?? 0;
		block[2 * count + i] = isKnown ? low : Number.NaN;
		block[3 * count + i] = isKnown ? high : Number.NaN;
		block[4 * count + i] = isKnown ? sum / found : Number.NaN;
		block[5 * count + i] = Math.max(1, found);
	}
	merged.appendBuckets(block, count);
	return merged;
}

/** A series' value at a step, between two entries on the line between them; NaN outside. */
function valueAt({ steps, mean: values, length, last }: SeriesData, step: number): number {
	const at = lowerBound(steps, step, 0, length);
	if (steps[at] === step && at < length) return values[at] ?? Number.NaN;
	if (at === 0) return Number.NaN;
	// A last bucket reaches further than its first point.
	if (at === length)
		return step <= (last?.step ?? 0) ? (values[length - 1] ?? Number.NaN) : Number.NaN;
	const [from, to] = [steps[at - 1] ?? 0, steps[at] ?? 0];
	const [a, b] = [values[at - 1] ?? Number.NaN, values[at] ?? Number.NaN];
	return a + ((b - a) * (step - from)) / (to - from);
}
