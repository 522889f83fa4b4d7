import { expect, test } from "vitest";
import { SeriesData } from "../../src/charts/lines/series-data";
import { smooth } from "../../src/charts/smoothing";

function series(values: number[]): SeriesData {
	const made = new SeriesData("run-1", 0, "loss");
	const steps = values.map((_, i) => i + 1);
	made.appendPoints(Float64Array.from([...steps, ...steps, ...values]), values.length);
	return made;
}

/** TensorBoard's own loop (vz_line_chart: `resmoothDataset`). */
function tensorboard(values: number[], weight: number): number[] {
	let last = 0;
	let count = 0;
	return values.map((value) => {
		if (!Number.isFinite(value)) return Number.NaN;
		last = last * weight + (1 - weight) * value;
		count += 1;
		return last / (1 - weight ** count);
	});
}

function close(actual: ArrayLike<number>, expected: number[]): void {
	for (const [i, value] of expected.entries()) {
		if (Number.isNaN(value)) expect(actual[i]).toBeNaN();
		else expect(actual[i]).toBeCloseTo(value, 9);
	}
}

test("up to 1,000 points the result is TensorBoard's, NaN left out", () => {
	const values = Array.from({ length: 400 }, (_, i) => Math.sin(i) + i / 50);
	values[37] = Number.NaN;
	close(smooth(series(values), 0.9, 400), tensorboard(values, 0.9));
});

test("a weight of 0 changes nothing", () => {
	close(smooth(series([3, 1, 2]), 0, 3), [3, 1, 2]);
});

test("few validations beside many steps stay where they are", () => {
	const values = [2.1, 1.4, 0.9, 0.7];
	const smoothed = smooth(series(values), 0.9, 5000);
	for (const [i, value] of values.entries()) expect(smoothed[i]).toBeCloseTo(value, 3);
});

test("a series of 10,000 points is smoothed over the same share of its length as one of 1,000", () => {
	const step = (length: number) => Array.from({ length }, (_, i) => (i < length / 2 ? 0 : 1));
	const short = smooth(series(step(1000)), 0.95, 1000);
	const long = smooth(series(step(10_000)), 0.95, 10_000);
	expect(long[5999]).toBeCloseTo(short[599] ?? 0, 2);
	expect(long[5209]).toBeCloseTo(short[520] ?? 0, 2);
});

test("a bucket weighs as the points it holds", () => {
	const buckets = new SeriesData("run-1", 0, "loss");
	const columns = [
		[1, 51],
		[0, 0],
		[0, 4],
		[0, 4],
		[0, 4],
		[50, 50],
		[0, 0],
	];
	buckets.appendBuckets(Float64Array.from(columns.flat()), 2);
	const points = series([...Array<number>(50).fill(0), ...Array<number>(50).fill(4)]);
	expect(smooth(buckets, 0.9, 100)[1]).toBeCloseTo(smooth(points, 0.9, 100)[99] ?? 0, 9);
});
