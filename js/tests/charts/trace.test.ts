import { describe, expect, test } from "vitest";
import { columnsOf } from "../../src/charts/lines/series-data";
import { bestOf, nearest, Reduced, stepBeside, xOfStep } from "../../src/charts/lines/trace";
import { seriesOf, traceOf } from "./lines";

const noisy = (i: number) => Math.sin(i * 12.9898) * 0.5;

describe("reducing to pixels", () => {
	test("few entries stay as they are, with one beyond either edge", () => {
		const reduced = new Reduced().fill(traceOf([5, 6, 7, 8, 9]), { min: 2.5, max: 3.5 }, 100, 1);
		expect([...reduced.mean.subarray(0, reduced.length)]).toEqual([6, 7, 8]);
		expect([...reduced.px.subarray(0, reduced.length)]).toEqual([-50, 50, 150]);
		expect(reduced.hasBand).toBe(false);
	});

	test.each([1, 2])("an extreme of any single point is there at every zoom (ratio %d)", (ratio) => {
		const values = Array.from({ length: 20_000 }, (_, i) => noisy(i));
		for (const spike of [0, 1, 137, 9_999, 19_998, 19_999]) {
			const trace = traceOf(values.map((value, i) => (i === spike ? 50 : value)));
			for (const half of [20_000, 3000, 400, 30, 2]) {
				const step = spike + 1;
				const range = { min: Math.max(1, step - half), max: Math.min(20_000, step + half * 0.7) };
				const reduced = new Reduced().fill(trace, range, 500, ratio);
				const highest = Math.max(...reduced.high.subarray(0, reduced.length));
				expect(highest).toBe(50);
			}
		}
	});

	test("as many columns as the page has pixels, each with the mean of its points", () => {
		const values = Array.from({ length: 10_000 }, (_, i) => i);
		const reduced = new Reduced().fill(traceOf(values), { min: 1, max: 10_001 }, 200, 2);
		expect(reduced.length).toBe(100);
		expect(reduced.column).toBe(2);
		expect([reduced.low[0], reduced.high[0], reduced.mean[0]]).toEqual([0, 99, 49.5]);
		expect(reduced.px[0]).toBe(1);
	});

	test("NaN and infinities are noted apart, and the line goes on without them", () => {
		const values = [1, Number.NaN, 2, Number.POSITIVE_INFINITY, 3, Number.NEGATIVE_INFINITY, 4];
		const reduced = new Reduced().fill(traceOf(values), { min: 1, max: 7 }, 600, 1);
		expect([reduced.nanAt, reduced.upAt, reduced.downAt]).toEqual([[100], [300], [500]]);
		const finite = [...reduced.high.subarray(0, 7)].filter((value) => !Number.isNaN(value));
		expect(finite).toEqual([1, 2, 3, 4]);
	});

	test("NaN and infinities among thousands of points are noted too", () => {
		const values = Array.from({ length: 5000 }, (_, i) => noisy(i));
		values[2500] = Number.NaN;
		values[1000] = Number.POSITIVE_INFINITY;
		const reduced = new Reduced().fill(traceOf(values), { min: 1, max: 5000 }, 100, 1);
		expect([reduced.nanAt, reduced.upAt]).toEqual([[50.5], [20.5]]);
		expect(Math.max(...reduced.high.subarray(0, reduced.length))).toBeLessThan(1);
	});

	test("steps that go back and forth are all drawn", () => {
		const columns = seriesOf([1, 2, 3], [5, 9, 7]);
		const reduced = new Reduced().fill(
			traceOf([], { columns, x: columns.steps }),
			{ min: 0, max: 10 },
			100,
			1,
		);
		expect([...reduced.px.subarray(0, 3)]).toEqual([50, 90, 70]);
	});

	test("finer buckets stand in for the overview where they reach", () => {
		const overview = columnsOf(
			Float64Array.from([0, 100, 200, 0, 1, 2, 1, 1, 1, 9, 9, 9, 5, 5, 5, 100, 100, 100, 0, 0, 0]),
			3,
		);
		const fine = columnsOf(Float64Array.from([100, 150, 1, 1, 2, 2, 8, 8, 4, 6, 50, 50, 0, 0]), 2);
		const trace = traceOf([], {
			columns: overview,
			x: overview.steps,
			detail: { columns: fine, x: fine.steps, range: { min: 100, max: 199 } },
		});
		const reduced = new Reduced().fill(trace, { min: 0, max: 300 }, 300, 1);
		expect([...reduced.px.subarray(0, reduced.length)]).toEqual([0, 100, 150, 200]);
		expect([...reduced.mean.subarray(0, reduced.length)]).toEqual([5, 4, 6, 5]);
	});
});

describe("finding entries", () => {
	const trace = traceOf([1, 2, 3], { columns: seriesOf([1, 2, 3], [10, 20, 40]) });

	test.each([
		[-5, 0],
		[14, 0],
		[16, 1],
		[31, 2],
		[99, 2],
	])("the nearest to %d is entry %d", (x, index) => {
		expect(nearest(trace, x)?.index).toBe(index);
	});

	test("of a step that only a finer bucket has", () => {
		const fine = columnsOf(Float64Array.from([12, 15, 1, 1, 2, 2, 8, 8, 4, 6, 1, 1, 0, 0]), 2);
		const detail = { columns: fine, x: fine.steps, range: { min: 12, max: 18 } };
		expect(xOfStep([{ ...trace, detail }], 15)).toBe(15);
		expect(xOfStep([trace], 15)).toBe(10);
		expect(xOfStep([], 15)).toBeUndefined();
	});

	test("beside the cursor goes to the next entry at least so far away", () => {
		expect(stepBeside([trace], 10, 1)).toBe(20);
		expect(stepBeside([trace], 10, 15)).toBe(40);
		expect(stepBeside([trace], 40, -1)).toBe(20);
		expect(stepBeside([trace], 40, 5)).toBeUndefined();
	});
});

test("the best value is the smallest or the largest finite one, with its step", () => {
	const trace = traceOf([3, Number.NaN, 0.5, Number.NEGATIVE_INFINITY, 2]);
	expect(bestOf(trace, "lower")).toEqual({ x: 3, value: 0.5, step: 3 });
	expect(bestOf(trace, "higher")).toEqual({ x: 1, value: 3, step: 1 });
	expect(bestOf(traceOf([Number.NaN]), "lower")).toBeUndefined();
});
