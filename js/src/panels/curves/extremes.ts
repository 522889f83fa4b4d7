// The very step of an extreme that the page knows only by its bucket, asked of the kernel once the
// pointer rests on it.
import type { SeriesData } from "../../charts/lines/series-data";
import type { Extreme } from "../../charts/readout";
import type { Asker } from "../../session/asker";
import type { Curve } from "./chart-curves";
import { askRange, type Buckets } from "./points-request";

const DELAY_MS = 150;
/** Each question makes a bucket finer by 4,000; three reach any step. */
const MOST_QUESTIONS = 3;
const MOST_KNOWN = 500;

export class Extremes {
	private readonly steps = new Map<string, number>();
	private readonly asked = new Set<string>();
	private next: (readonly [key: string, line: Curve, extreme: Extreme])[] = [];
	private timer: ReturnType<typeof setTimeout> | undefined;

	/** `arrived` is called when steps are known that were not before. */
	constructor(
		private readonly asker: Asker,
		private readonly arrived: () => void,
	) {}

	/** Asks for these no more. */
	stop(): void {
		clearTimeout(this.timer);
		this.timer = undefined;
		this.next = [];
	}

	/** The extremes of lines, exact where that is known; the others are asked for. */
	refine(found: readonly (readonly [Curve, Extreme | undefined])[]): (Extreme | undefined)[] {
		const before = this.next.map(([key]) => key).join();
		this.next = [];
		const refined = found.map(([line, extreme]) => {
			if (!extreme || extreme.isExact || line.members || !line.series.isOrdered) return extreme;
			const key = `${line.key} ${extreme.step} ${extreme.last} ${extreme.value}`;
			const step = this.steps.get(key);
			if (step !== undefined) return { ...extreme, step, isExact: true };
			if (this.asker.isLive && !this.asked.has(key)) this.next.push([key, line, extreme]);
			return extreme;
		});
		// A live run is drawn again and again under a pointer that rests.
		if (this.next.map(([key]) => key).join() === before) return refined;
		clearTimeout(this.timer);
		if (this.next.length > 0) this.timer = setTimeout(() => void this.ask(), DELAY_MS);
		return refined;
	}

	private async ask(): Promise<void> {
		const { next } = this;
		this.stop();
		if (this.steps.size > MOST_KNOWN) {
			this.steps.clear();
			this.asked.clear();
		}
		for (const [key] of next) this.asked.add(key);
		// Where the kernel refuses it stays "near": it is not asked for again.
		await Promise.allSettled(
			next.map(async ([key, { run, series }, extreme]) => {
				const step = await this.find(run.run_id, series, extreme);
				if (step !== undefined) this.steps.set(key, step);
			}),
		);
		this.arrived();
	}

	private async find(
		run_id: string,
		{ number, last }: SeriesData,
		extreme: Extreme,
	): Promise<number | undefined> {
		let from = extreme.step;
		let to = Math.min(extreme.last, last?.step ?? extreme.last);
		for (let question = 0; question < MOST_QUESTIONS; question++) {
			const buckets = (await askRange(this.asker, run_id, [number], from, to)).get(number);
			const found = buckets && bucketOf(buckets, extreme.value);
			if (!found || found.count === 1) return found?.step;
			[from, to] = [found.step, Math.min(to, found.last)];
		}
		return undefined;
	}
}

/** The bucket that has a value as its lowest or highest one. */
function bucketOf(
	{ data, count }: Buckets,
	value: number,
): { step: number; last: number; count: number } | undefined {
	const at = (column: number, i: number) => data[column * count + i] ?? Number.NaN;
	for (let i = 0; i < count; i++) {
		if (at(2, i) !== value && at(3, i) !== value) continue;
		const last = i + 1 < count ? at(0, i + 1) - 1 : Number.MAX_SAFE_INTEGER;
		return { step: at(0, i), last: Math.max(at(0, i), last), count: at(5, i) };
	}
	return undefined;
}
