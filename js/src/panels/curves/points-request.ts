// Points of series between two steps, asked of the kernel, in as many buckets as a page can show.
import type { Asker } from "../../session/asker";
import { doubles } from "../../session/buffers";

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
	const data = doubles(answer.bytes);
	const found = new Map<number, Buckets>();
	let offset = 0;
	for (const [i, number] of answer.series.entries()) {
		const count = answer.counts[i] ?? 0;
		found.set(number, { data: data.subarray(offset, offset + COLUMNS * count), count });
		offset += COLUMNS * count;
	}
	return found;
}
