// Finer buckets for the range zoomed to, requested once the range has not changed for a moment.
import type { Range } from "../../charts/lines/axis";
import {
	type Columns,
	columnsOf,
	lowerBound,
	type SeriesData,
} from "../../charts/lines/series-data";
import type { Asker } from "../../session/asker";
import type { Curve } from "./chart-curves";
import { askRange } from "./points-request";

const DELAY_MS = 150;
/** Shares of the range asked for on either side, so that a short pan finds its detail there. */
const MARGIN = 0.5;

/** Finer buckets of a series over the steps `first` to `last`. */
export interface Detail {
	readonly columns: Columns;
	readonly first: number;
	readonly last: number;
}

export class Details {
	private readonly known = new WeakMap<SeriesData, Detail>();
	private timer: ReturnType<typeof setTimeout> | undefined;
	private isWaiting = false;
	private next: { lines: readonly Curve[]; steps: Range } | undefined;
	/** What was asked for last, so that an answer without anything new is not requested again. */
	private asked: { series: readonly SeriesData[]; steps: Range } | undefined;

	constructor(
		private readonly asker: Asker,
		private readonly arrived: () => void,
	) {}

	of(series: SeriesData): Detail | undefined {
		return this.known.get(series);
	}

	/** Asks for the lines that are coarse between two steps, unless that detail is there or requested. */
	want(lines: readonly Curve[], steps: Range): void {
		if (!this.asker.isLive) return;
		const missing = lines.filter(({ series }) => this.isMissing(series, steps));
		this.next = missing.length > 0 ? { lines: missing, steps } : undefined;
		// A range that slides with a live run must not delay its own request for ever.
		if (this.next && !this.isWaiting) this.timer ??= setTimeout(() => this.askNext(), DELAY_MS);
	}

	/** Takes back what has not been asked yet. */
	stop(): void {
		clearTimeout(this.timer);
		this.timer = undefined;
		this.next = undefined;
	}

	private askNext(): void {
		const { next } = this;
		this.stop();
		if (!next) return;
		const series = next.lines.map((line) => line.series);
		const { asked } = this;
		const isSameRange = asked?.steps.min === next.steps.min && asked.steps.max === next.steps.max;
		// A fresh snapshot brings new series, whose detail is yet to come.
		if (isSameRange && series.every((one) => asked.series.includes(one))) return;
		this.asked = { series, steps: next.steps };
		this.isWaiting = true;
		this.ask(next.lines, next.steps).finally(() => {
			this.isWaiting = false;
			this.arrived();
		});
	}

	private isMissing(series: SeriesData, { min, max }: Range): boolean {
		const span = max - min;
		const coarsest = widestBucket(series, min, max);
		const known = this.known.get(series);
		const covered =
			known &&
			known.first <= min + span * 0.05 &&
			known.last >= Math.min(max, series.last?.step ?? max) - span * 0.05;
		// A detail of a far wider range is no finer than what is asked for now.
		const isFine = known && known.last - known.first <= span * (1 + 2 * MARGIN) * 2;
		return coarsest > 1 && !(covered && (isFine || widest(known.columns) <= 1));
	}

	private async ask(lines: readonly Curve[], { min, max }: Range): Promise<void> {
		const margin = MARGIN * (max - min);
		const first_step = Math.max(0, Math.floor(min - margin));
		const last_step = Math.ceil(max + margin);
		const byRun = new Map<string, SeriesData[]>();
		for (const { run, series } of lines) {
			byRun.set(run.run_id, [...(byRun.get(run.run_id) ?? []), series]);
		}
		const questions = [...byRun].map(async ([run_id, asked]) => {
			const numbers = asked.map(({ number }) => number);
			const found = await askRange(this.asker, run_id, numbers, first_step, last_step);
			for (const series of asked) {
				const { data, count } = found.get(series.number) ?? {};
				if (!data || !count) continue;
				const last = Math.min(last_step, series.last?.step ?? last_step);
				this.known.set(series, { columns: columnsOf(data, count), first: first_step, last });
			}
		});
		// Where the kernel refuses, the overview stays as it is; another range asks again.
		await Promise.allSettled(questions);
	}
}

function widestBucket(series: SeriesData, min: number, max: number): number {
	const { isOrdered, steps, length, count } = series;
	// A range cannot be asked for by step where steps go back and forth.
	if (!isOrdered) return 1;
	const from = Math.max(0, lowerBound(steps, min, 0, length) - 1);
	const to = lowerBound(steps, max, from, length);
	let most = 1;
	for (let i = from; i < to; i++) most = Math.max(most, count[i] ?? 1);
	return most;
}

function widest({ count }: Columns): number {
	return count.reduce((most, n) => Math.max(most, n), 1);
}
