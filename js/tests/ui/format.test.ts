import { describe, expect, it } from "vitest";
import {
	counted,
	formatBytes,
	formatClock,
	formatDuration,
	formatField,
	formatNumber,
	formatPercent,
	formatShape,
} from "../../src/ui/format";
import { rule } from "../fixtures";

interface Rule {
	readonly values: readonly (readonly [value: number | string, text: string])[];
	readonly durations: readonly (readonly [seconds: number, text: string])[];
}

const { values, durations } = rule<Rule>("numbers");

describe("numbers", () => {
	it.each(values)("%s reads %s", (value, text) => {
		expect(formatNumber(Number(value))).toBe(text);
	});

	it("with other digits have no false zeros either", () => {
		expect(formatNumber(12_345.6, 3)).toBe("12,346");
		expect(formatNumber(12.3456, 3)).toBe("12.3");
	});

	it.each([
		[0.001, "0.001"],
		[3e-5, "3e-5"],
		[0, "0"],
		[0.1 + 0.2, "0.3"],
		[2.5e9, "2.5e+9"],
	])("%s stands in a field as %s, which reads back", (value, text) => {
		expect(formatField(value)).toBe(text);
		expect(Number(formatField(value))).toBeCloseTo(value);
	});
});

describe("times and sizes", () => {
	it.each(durations)("%s seconds last %s", (seconds, text) => {
		expect(formatDuration(seconds)).toBe(text);
	});

	it("what is not known lasts –", () => expect(formatDuration(Number.NaN)).toBe("–"));

	it.each([
		[7.46, "0:07.4"],
		[751, "12:31"],
		[3751, "1:02:31"],
	])("%s seconds are %s on the clock", (seconds, text) => expect(formatClock(seconds)).toBe(text));

	it.each([
		[0, "0 B"],
		[999, "999 B"],
		[312e6, "312 MB"],
		[16.4e9, "16 GB"],
		[1.5e9, "1.5 GB"],
	])("%s bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

	it("shares and shapes", () => {
		expect(formatPercent(0.0042)).toBe("0.4 %");
		expect(formatPercent(0.0002)).toBe("< 0.1 %");
		expect(formatPercent(0.25)).toBe("25 %");
		expect(formatShape([16, 1, 3, 3])).toBe("16 × 1 × 3 × 3");
		expect(formatShape([])).toBe("scalar");
	});
});

describe("counted", () => {
	it("says one of a thing, and several", () => {
		expect(counted(1, "row")).toBe("1 row");
		expect(counted(1200, "row")).toBe("1,200 rows");
		expect([0, 1, 2].map((count) => counted(count, "vertex", "vertices"))).toEqual([
			"0 vertices",
			"1 vertex",
			"2 vertices",
		]);
	});
});
