import { expect, test } from "vitest";
import { position, valueAt } from "../../src/charts/lines/scale";

test("a value lies where its share of the range is, and is found there again", () => {
	expect(position(15, { min: 10, max: 20 }, 300)).toBe(150);
	expect(valueAt(150, { min: 10, max: 20 }, 300)).toBe(15);
	expect(valueAt(-30, { min: 10, max: 20 }, 300)).toBe(9);
});

test("on a log axis powers of ten are equally far apart", () => {
	const range = { min: 0.1, max: 100 };
	expect(position(1, range, 300, true)).toBeCloseTo(100);
	expect(position(10, range, 300, true)).toBeCloseTo(200);
	expect(valueAt(200, range, 300, true)).toBeCloseTo(10);
	expect(valueAt(position(0.37, range, 300, true), range, 300, true)).toBeCloseTo(0.37);
});
