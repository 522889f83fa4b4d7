import { describe, expect, test } from "vitest";
import { CAPACITY, lowerBound, SeriesData } from "../../src/charts/lines/series-data";

function pointsBlock(steps: number[], values: number[]): Float64Array {
	return Float64Array.from([...steps, ...steps.map((step) => step / 10), ...values]);
}

function sum(column: Float64Array, length: number): number {
	return column.subarray(0, length).reduce((total, value) => total + value, 0);
}

/** A series of `count` points, appended a thousand at a time. */
function longSeries(count: number, value: (step: number) => number): SeriesData {
	const series = new SeriesData("run-1", 0, "loss/train");
	for (let start = 0; start < count; start += 1000) {
		const steps = Array.from({ length: Math.min(1000, count - start) }, (_, i) => start + i + 1);
		series.appendPoints(pointsBlock(steps, steps.map(value)), steps.length);
	}
	return series;
}

describe("points", () => {
	test("become columns in the order given", () => {
		const series = new SeriesData("run-1", 3, "loss/train");
		series.appendPoints(pointsBlock([1, 2], [0.5, 0.25]), 2);
		expect([...series.steps.subarray(0, 2)]).toEqual([1, 2]);
		expect([...series.mean.subarray(0, 2)]).toEqual([0.5, 0.25]);
		expect(series.last).toEqual({ step: 2, wallTime: 0.2, value: 0.25 });
		expect([series.length, series.pointCount, series.version]).toEqual([2, 2, 1]);
	});

	test("that are not finite are kept: NaN counted, infinities as extremes without a mean", () => {
		const series = new SeriesData("run-1", 0, "loss");
		const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
		series.appendPoints(pointsBlock([1, 2, 3], values), 3);
		expect(series.nanCount).toBe(1);
		expect([...series.max.subarray(0, 3)]).toEqual(values);
		expect([...series.mean.subarray(0, 3)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
	});

	test("whose steps go back are kept, and the series says that it cannot be searched", () => {
		const series = new SeriesData("run-1", 0, "loss");
		series.appendPoints(pointsBlock([5, 5, 3], [1, 2, 3]), 3);
		expect([...series.steps.subarray(0, 3)]).toEqual([5, 5, 3]);
		expect(series.isOrdered).toBe(false);
	});
});

describe("past its capacity", () => {
	const spikes = new Map([
		[7, 900],
		[33_333, -900],
		[150_001, 901],
		[199_999, -901],
	]);
	const series = longSeries(200_000, (step) =>
		step === 77_777 ? Number.NaN : (spikes.get(step) ?? Math.sin(step)),
	);

	test("memory is flat and no point is uncounted", () => {
		expect(series.length).toBeLessThanOrEqual(CAPACITY);
		expect(series.steps.length).toBeLessThanOrEqual(CAPACITY);
		expect(sum(series.count, series.length)).toBe(200_000);
		expect(sum(series.nan, series.length)).toBe(1);
	});

	test("every extreme is in the bucket of its step", () => {
		for (const [step, value] of spikes) {
			const index = lowerBound(series.steps, step + 1, 0, series.length) - 1;
			expect(value > 0 ? series.max[index] : series.min[index]).toBe(value);
		}
	});

	test("the mean over all buckets is the mean of the points", () => {
		let total = 0;
		for (let i = 0; i < series.length; i++) {
			total += (series.mean[i] ?? 0) * ((series.count[i] ?? 0) - (series.nan[i] ?? 0));
		}
		let expected = 0;
		for (let step = 1; step <= 200_000; step++) {
			if (step !== 77_777) expected += spikes.get(step) ?? Math.sin(step);
		}
		expect(total).toBeCloseTo(expected, 6);
	});

	test("buckets are of one size over the whole run", () => {
		const counts = series.count.subarray(1, series.length - 1);
		expect(Math.max(...counts)).toBeLessThanOrEqual(2 * Math.min(...counts));
	});

	test("steps still rise, and the newest point is at hand", () => {
		expect(series.isOrdered).toBe(true);
		expect(series.last?.step).toBe(200_000);
	});
});

test("buckets continue a series of points, NaN and all", () => {
	const series = longSeries(3, (step) => step);
	const bucket = [4, 0.4, -1, 9, 3, 10, 2];
	series.appendBuckets(Float64Array.from(bucket), 1);
	expect(series.length).toBe(4);
	expect([series.min[3], series.max[3], series.mean[3]]).toEqual([-1, 9, 3]);
	expect([series.pointCount, series.nanCount]).toEqual([13, 2]);
});
