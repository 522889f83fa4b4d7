// One tag's points in the page: columns of buckets, as fine as a fixed budget of entries allows.

/** Entries kept a series; past it neighbours are merged, so the page's memory is flat. */
export const CAPACITY = 32_768;
const COLUMNS = 7;
const FIRST_SIZE = 256;
const NONE = new Float64Array(0);

/** Buckets of neighbouring points, column after column; entries from `length` on are not in use. */
export interface Columns {
	readonly length: number;
	/** Step of a bucket's first point. */
	readonly steps: Float64Array;
	/** Seconds since the run started, of a bucket's first point. */
	readonly wallTimes: Float64Array;
	/** Smallest value, -Infinity included; NaN where a bucket holds nothing else. */
	readonly min: Float64Array;
	/** Largest value, Infinity included; NaN where a bucket holds nothing else. */
	readonly max: Float64Array;
	/** Mean of the finite values; NaN where there is none. */
	readonly mean: Float64Array;
	/** Points in the bucket, NaN included. */
	readonly count: Float64Array;
	/** NaN in the bucket. */
	readonly nan: Float64Array;
	/** True while steps never go backwards, so that they can be searched. */
	readonly isOrdered: boolean;
}

/** The newest point of a series. */
export interface LastPoint {
	readonly step: number;
	readonly wallTime: number;
	readonly value: number;
}

export class SeriesData implements Columns {
	length = 0;
	/** Changes with every append. */
	version = 0;
	isOrdered = true;
	/** Points, not entries. */
	pointCount = 0;
	nanCount = 0;
	/** No point so far was another number than 0. */
	isZero = true;
	last: LastPoint | undefined;
	// Of most of a thousand series a page never gets a point.
	steps: Float64Array = NONE;
	wallTimes: Float64Array = NONE;
	min: Float64Array = NONE;
	max: Float64Array = NONE;
	mean: Float64Array = NONE;
	count: Float64Array = NONE;
	nan: Float64Array = NONE;
	/** Points that one entry may hold; doubles when the budget is full. */
	private bucketSize = 1;

	constructor(
		readonly run_id: string,
		readonly number: number,
		readonly tag: string,
	) {}

	/** Appends `count` points: their steps, wall times (s), values, column after column. */
	appendPoints(block: Float64Array, count: number): void {
		for (let i = 0; i < count; i++) {
			const value = at(block, 2 * count + i);
			const mean = Number.isFinite(value) ? value : Number.NaN;
			const isNan = Number.isNaN(value) ? 1 : 0;
			const [step, wallTime] = [at(block, i), at(block, count + i)];
			this.append(step, wallTime, value, value, mean, 1, isNan);
			this.last = { step, wallTime, value };
		}
		if (count > 0) this.version += 1;
	}

	/** Appends `count` buckets in seven columns. */
	appendBuckets(block: Float64Array, count: number): void {
		const columns = columnsOf(block, count);
		for (let i = 0; i < count; i++) {
			const [step, wallTime] = [at(columns.steps, i), at(columns.wallTimes, i)];
			const [min, max, mean] = [at(columns.min, i), at(columns.max, i), at(columns.mean, i)];
			this.append(step, wallTime, min, max, mean, at(columns.count, i), at(columns.nan, i));
			this.last = { step, wallTime, value: Number.isNaN(mean) ? max : mean };
		}
		if (count > 0) this.version += 1;
	}

	private append(
		step: number,
		wallTime: number,
		min: number,
		max: number,
		mean: number,
		count: number,
		nan: number,
	): void {
		if (this.last !== undefined && step < this.last.step) this.isOrdered = false;
		this.pointCount += count;
		this.nanCount += nan;
		this.isZero &&= min === 0 && max === 0;
		const end = this.length - 1;
		if (this.bucketSize > 1 && at(this.count, end) + count <= this.bucketSize) {
			this.merge(end, min, max, mean, count, nan);
			return;
		}
		if (this.length === CAPACITY) this.compact();
		else if (this.length === this.steps.length) this.grow();
		this.put(this.length, step, wallTime, min, max, mean, count, nan);
		this.length += 1;
	}

	private put(
		index: number,
		step: number,
		wallTime: number,
		min: number,
		max: number,
		mean: number,
		count: number,
		nan: number,
	): void {
		this.steps[index] = step;
		this.wallTimes[index] = wallTime;
		this.min[index] = min;
		this.max[index] = max;
		this.mean[index] = mean;
		this.count[index] = count;
		this.nan[index] = nan;
	}

	/** Adds a bucket's points to entry `index`. */
	private merge(
		index: number,
		min: number,
		max: number,
		mean: number,
		count: number,
		nan: number,
	): void {
		const [ours, theirs] = [at(this.mean, index), mean];
		const weight = at(this.count, index) - at(this.nan, index);
		const added = count - nan;
		if (Number.isNaN(ours)) this.mean[index] = theirs;
		else if (!Number.isNaN(theirs)) {
			this.mean[index] = ours + ((theirs - ours) * added) / (weight + added);
		}
		this.min[index] = smaller(at(this.min, index), min);
		this.max[index] = -smaller(-at(this.max, index), -max);
		this.count[index] = at(this.count, index) + count;
		this.nan[index] = at(this.nan, index) + nan;
	}

	/** Merges neighbours until a quarter of the budget is free again. */
	private compact(): void {
		while (this.length > 0.75 * CAPACITY) {
			this.bucketSize *= 2;
			let end = 0;
			for (let i = 1; i < this.length; i++) {
				const [min, max, mean] = [at(this.min, i), at(this.max, i), at(this.mean, i)];
				const [count, nan] = [at(this.count, i), at(this.nan, i)];
				if (at(this.count, end) + count <= this.bucketSize) {
					this.merge(end, min, max, mean, count, nan);
				} else {
					end += 1;
					this.put(end, at(this.steps, i), at(this.wallTimes, i), min, max, mean, count, nan);
				}
			}
			this.length = end + 1;
		}
	}

	private grow(): void {
		const size = Math.min(Math.max(FIRST_SIZE, 2 * this.steps.length), CAPACITY);
		this.steps = grown(this.steps, size);
		this.wallTimes = grown(this.wallTimes, size);
		this.min = grown(this.min, size);
		this.max = grown(this.max, size);
		this.mean = grown(this.mean, size);
		this.count = grown(this.count, size);
		this.nan = grown(this.nan, size);
	}
}

/** The seven columns of `count` buckets in one block, without a copy. */
export function columnsOf(block: Float64Array, count: number): Columns {
	if (block.length < COLUMNS * count) {
		throw new Error(`${count} buckets need ${COLUMNS * count} numbers, got ${block.length}`);
	}
	const column = (n: number) => block.subarray(n * count, (n + 1) * count);
	return {
		length: count,
		steps: column(0),
		wallTimes: column(1),
		min: column(2),
		max: column(3),
		mean: column(4),
		count: column(5),
		nan: column(6),
		isOrdered: true,
	};
}

/** First entry of `sorted[from..to)` that is at least `value`; `to` if none is. */
export function lowerBound(sorted: Float64Array, value: number, from: number, to: number): number {
	let [low, high] = [from, to];
	while (low < high) {
		const middle = (low + high) >> 1;
		if (at(sorted, middle) < value) low = middle + 1;
		else high = middle;
	}
	return low;
}

function grown(column: Float64Array, size: number): Float64Array {
	const larger = new Float64Array(size);
	larger.set(column);
	return larger;
}

function smaller(a: number, b: number): number {
	return b < a || Number.isNaN(a) ? b : a;
}

/** An entry that is known to exist; NaN past the end, which drawing leaves out. */
function at(column: Float64Array, index: number): number {
	return column[index] ?? Number.NaN;
}
