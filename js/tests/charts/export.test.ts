import { expect, test } from "vitest";
import { fileName, toCsv } from "../../src/charts/export";
import { SeriesData } from "../../src/charts/lines/series-data";
import { readAt, spread, summarize } from "../../src/charts/readout";
import { seriesOf, traceOf } from "./lines";

test("CSV has every column at full precision, and quotes names", () => {
	const series = new SeriesData("run-1", 0, 'loss,"odd"');
	series.appendPoints(Float64Array.from([1, 2, 0.5, 1, 0.1 + 0.2, Number.NaN]), 2);
	expect(toCsv([{ run: "digits", series }])).toBe(
		[
			"run,tag,step,wall_time,value",
			'digits,"loss,""odd""",1,0.5,0.30000000000000004',
			'digits,"loss,""odd""",2,1,NaN',
			"",
		].join("\n"),
	);
});

test("CSV of buckets has their extremes, mean and counts", () => {
	const series = new SeriesData("run-1", 0, "loss");
	series.appendBuckets(Float64Array.from([1, 0.5, 0.25, 4, 2, 3, 1]), 1);
	expect(toCsv([{ run: "digits", series }])).toBe(
		"run,tag,step,wall_time,min,max,mean,count,nan\ndigits,loss,1,0.5,0.25,4,2,3,1\n",
	);
});

test.each([
	["loss", "loss.png"],
	["norm/layer 1", "norm-layer-1.png"],
	["../../etc", "etc.png"],
	["", "curves.png"],
	["потери", "потери.png"],
])("%j is saved as %s", (title, name) => {
	expect(fileName(title, "png")).toBe(name);
});

test("a reading tells value, smoothed value and step; lines that end before it are left out", () => {
	const long = traceOf([1, 2, 3, 4], { smoothed: Float64Array.from([1, 1.5, 2, 2.5]) });
	const short = traceOf([9], { key: "short" });
	const readings = readAt([long, short], 3.2, { min: 1, max: 4 }, 0);
	expect(readings).toHaveLength(1);
	expect(readings[0]).toMatchObject({ step: 3, value: 3, smoothed: 2, count: 1 });
	expect(readings[0] && spread(readings[0])).toBe("");
});

test("a bucket's spread and NaN are told", () => {
	const columns = new SeriesData("run-1", 0, "loss");
	columns.appendBuckets(Float64Array.from([1, 0, 0.5, 2, 1, 1200, 3]), 1);
	const [reading] = readAt([traceOf([], { columns, x: columns.steps })], 1, { min: 0, max: 2 }, 0);
	expect(reading && spread(reading)).toBe("0.5 – 2 over 1,200 points, 2 near step 1, 3 NaN");
});

test("what shares a pixel is read together, and the extreme has its own step", () => {
	const values = Array.from({ length: 100 }, (_, i) => (i === 42 ? 40 : 0.5));
	const [reading] = readAt([traceOf(values)], 41, { min: 1, max: 100 }, 10);
	expect(reading).toMatchObject({ step: 41, value: 0.5, count: 9, min: 0.5, max: 40 });
	expect(reading?.extreme).toMatchObject({ value: 40, step: 43, isExact: true });
	expect(reading && spread(reading)).toBe("0.5 – 40 over 9 points, 40 at step 43");
	const dip = values.map((value) => -value);
	expect(readAt([traceOf(dip)], 41, { min: 1, max: 100 }, 10)[0]?.extreme?.value).toBe(-40);
	const [alone] = readAt([traceOf(values)], 41, { min: 1, max: 100 }, 0.9);
	expect(alone && spread(alone)).toBe("");
});

test("a chart is summed up in words", () => {
	const val = traceOf([], { name: "val", columns: seriesOf([]) });
	expect(summarize("loss", [traceOf([3, 0.5, 1]), val])).toBe(
		"Chart loss. train: last 1 at step 3, lowest 0.5. val: no points yet.",
	);
});
