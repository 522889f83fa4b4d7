// Points of charts that are not open: the kernel has them, and sends them when a file needs them.

import { SeriesData } from "../../charts/lines/series-data";
import type { Asker } from "../../session/asker";
import type { RunState } from "../../session/run";
import type { Curve } from "./chart-curves";
import { askRange, POINTS } from "./points-request";

/** Of so many numbers' buckets an answer is made, about: half a megabyte. */
const POINTS_AN_ANSWER = 8000;
const MOST_AN_ANSWER = 64;

/**
 * Returns the lines with points that are asked of the kernel. `progress` gets how many lines have come;
 * where it returns false nothing more is requested, and the lines so far are returned.
 *
 * Rejects with the kernel's refusal.
 */
export async function collect(
	asker: Asker,
	lines: readonly Curve[],
	progress: (count: number) => boolean,
): Promise<Curve[]> {
	const collected: Curve[] = [];
	const runs = new Map<RunState, Curve[]>();
	for (const line of lines) runs.set(line.run, [...(runs.get(line.run) ?? []), line]);
	for (const [run, ours] of runs) {
		const points = Math.min(POINTS, Math.max(1, run.progress?.step ?? POINTS));
		const size = Math.min(MOST_AN_ANSWER, Math.floor(POINTS_AN_ANSWER / points));
		for (let from = 0; from < ours.length; from += size) {
			if (!progress(collected.length)) return collected;
			collected.push(...(await ask(asker, run.run_id, ours.slice(from, from + size))));
		}
	}
	progress(collected.length);
	return collected;
}

async function ask(asker: Asker, run_id: string, lines: readonly Curve[]): Promise<Curve[]> {
	const numbers = lines.map(({ series }) => series.number);
	const found = await askRange(asker, run_id, numbers, 0, Number.MAX_SAFE_INTEGER);
	return lines.flatMap((line) => {
		const { number, tag } = line.series;
		const buckets = found.get(number);
		if (!buckets) return [];
		const series = new SeriesData(run_id, number, tag);
		series.appendBuckets(buckets.data, buckets.count);
		return [{ ...line, series }];
	});
}
