import { describe, expect, test } from "vitest";
import {
	epochAt,
	epochsOf,
	tickLabels,
	timeLabels,
	xTicks,
	yTicks,
} from "../../src/charts/lines/axis";
import { fixture, rule } from "../fixtures";

describe("epochs", () => {
	const epochs = { starts: [0, 100, 300], usualSteps: 200 };

	test.each([
		[0, 0],
		[50, 0.5],
		[100, 1],
		[200, 1.5],
		[300, 2],
		[400, 2.5],
		[900, 3],
	])("step %d is epoch %d", (step, epoch) => {
		expect(epochAt(step, epochs)).toBeCloseTo(epoch);
	});

	test("the last one is taken to be as long as the one before", () => {
		expect(epochsOf([0, 100, 300], undefined).usualSteps).toBe(200);
	});

	test("the first one takes its length from the run's totals, where those are known", () => {
		const progress = { ...fixture("run_changed").message, total_steps: 900, total_epochs: 3 };
		expect(epochsOf([0], progress).usualSteps).toBe(300);
		expect(epochAt(20, epochsOf([0], undefined))).toBe(0);
	});
});

describe("ticks", () => {
	test("are round, and steps are whole", () => {
		expect(xTicks("step", { min: 1, max: 2400 }, 5)).toEqual([500, 1000, 1500, 2000]);
		expect(xTicks("step", { min: 1, max: 3 }, 6)).toEqual([1, 2, 3]);
	});

	test("of time are whole minutes and hours", () => {
		expect(xTicks("time", { min: 0, max: 400 }, 4)).toEqual([0, 120, 240, 360]);
		expect(timeLabels([0, 120, 240])).toEqual(["0:00", "2:00", "4:00"]);
		expect(timeLabels([0, 2, 4])).toEqual(["0", "2 s", "4 s"]);
		expect(timeLabels([3600, 7200])).toEqual(["1:00:00", "2:00:00"]);
	});

	test("of a log axis are powers of ten, with 2 and 5 where there is room", () => {
		expect(yTicks({ min: 0.08, max: 3 }, 6, true)).toEqual([0.1, 0.2, 0.5, 1, 2]);
		expect(yTicks({ min: 1e-9, max: 1 }, 5, true)).toHaveLength(5);
	});

	test("stay few whatever the range", () => {
		for (const [min, max] of [
			[0, 1e-300],
			[-1e300, 1e300],
			[1e15, 1e15 + 2],
		]) {
			expect(yTicks({ min: min ?? 0, max: max ?? 1 }, 5, false).length).toBeLessThan(13);
		}
	});
});

interface Rule {
	readonly ticks: readonly (readonly [min: number, max: number, about: number, number[]])[];
	readonly tick_labels: readonly (readonly [ticks: number[], labels: string[]])[];
}

const { ticks, tick_labels } = rule<Rule>("numbers");

test.each(ticks)("ticks from %d to %d, about %d of them", (min, max, wanted, expected) => {
	expect(yTicks({ min, max }, wanted, false)).toEqual(expected);
});

test.each(tick_labels)("labels of %j", (values, labels) => {
	expect(tickLabels(values)).toEqual(labels);
});

test("labels of a log axis are each as it is", () => {
	expect(tickLabels([0.05, 0.1, 1, 20], true)).toEqual(["0.05", "0.1", "1", "20"]);
});

test("labels that would not fit have a short form", () => {
	expect(tickLabels([0.0011, 0.00112], false, true)).toEqual(["1.10e−3", "1.12e−3"]);
	expect(tickLabels([0.5, 1], false, true)).toEqual(["0.5", "1.0"]);
});
