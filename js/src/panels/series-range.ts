// Points of series between two steps, asked of the kernel, in as many buckets as a page can show.
import type { Asker } from "../connection";
import { doubles } from "../store";

const COLUMNS = 7;
/** Buckets asked for each series: two a device pixel of a chart, and of what lies around it. */
export const POINTS = 4000;

/** What `SeriesData.appendBuckets` and `columnsOf` take. */
export interface Buckets {
	readonly data: Float64Array;
	readonly count: number;
}

/** Asks for series by their numbers. Rejects with the kernel's refusal. */
export async function askRange(
	asker: Asker,
	run_id: string,
	series: readonly number[],
	first_step: number,
	last_step: number,
): Promise<Map<number, Buckets>> {
	const answer = await asker.ask({
		kind: "send_range",
		run_id,
		series: [...series],
		first_step,
		last_step,
		points: POINTS,
	});
	if (answer.kind !== "range_sent" || !("bytes" in answer)) {
		throw new Error(`The kernel answered with ${answer.kind} where points were asked for.`);
	}
	const data = doubles(answer.bytes instanceof DataView ? answer.bytes : undefined);
	const found = new Map<number, Buckets>();
	let offset = 0;
	for (const [i, number] of answer.series.entries()) {
		const count = answer.counts[i] ?? 0;
		found.set(number, { data: data.subarray(offset, offset + COLUMNS * count), count });
		offset += COLUMNS * count;
	}
	return found;
}
