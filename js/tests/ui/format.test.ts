import { describe, expect, it } from "vitest";
import {
	formatBytes,
	formatClock,
	formatDuration,
	formatField,
	formatNumber,
	formatPercent,
	formatShape,
} from "../../src/ui/format";

describe("numbers", () => {
	it.each([
		[0, "0"],
		[0.02134567, "0.02135"],
		[-1.5, "−1.5"],
		[1234.5678, "1,235"],
		[0.00012, "1.2e−4"],
		[2.5e7, "2.5e7"],
		[Number.NaN, "NaN"],
		[Number.NEGATIVE_INFINITY, "−∞"],
	])("%s reads %s", (value, text) => expect(formatNumber(value)).toBe(text));

	it.each([
		[0.001, "0.001"],
		[3e-5, "3e-5"],
		[0, "0"],
		[0.1 + 0.2, "0.3"],
	])("%s stands in a field as %s, which reads back", (value, text) => {
		expect(formatField(value)).toBe(text);
		expect(Number(formatField(value))).toBeCloseTo(value);
	});
});

describe("times and sizes", () => {
	it.each([
		[4.21, "4.2 s"],
		[9.96, "10 s"],
		[59.6, "1 min 00 s"],
		[200, "3 min 20 s"],
		[7500, "2 h 05 min"],
		[273_600, "3 d 4 h"],
		[Number.NaN, "–"],
	])("%s seconds last %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

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
