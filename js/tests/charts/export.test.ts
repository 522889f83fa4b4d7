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
			"run,tag,step,wall_time,min,max,mean,count,nan",
			'digits,"loss,""odd""",1,0.5,0.30000000000000004,0.30000000000000004,0.30000000000000004,1,0',
			'digits,"loss,""odd""",2,1,NaN,NaN,NaN,1,1',
			"",
		].join("\n"),
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
	const readings = readAt([long, short], 3.2, { min: 1, max: 4 });
	expect(readings).toHaveLength(1);
	expect(readings[0]).toMatchObject({ step: 3, value: 3, smoothed: 2, count: 1 });
	expect(readings[0] && spread(readings[0])).toBe("");
});

test("a bucket's spread and NaN are told", () => {
	const columns = new SeriesData("run-1", 0, "loss");
	columns.appendBuckets(Float64Array.from([1, 0, 0.5, 2, 1, 1200, 3]), 1);
	const [reading] = readAt([traceOf([], { columns, x: columns.steps })], 1, { min: 0, max: 2 });
	expect(reading && spread(reading)).toBe("0.5 – 2 over 1,200 points, 3 NaN");
});

test("a chart is summed up in words", () => {
	const val = traceOf([], { name: "val", columns: seriesOf([]) });
	expect(summarize("loss", [traceOf([3, 0.5, 1]), val])).toBe(
		"Chart loss. train: last 1 at step 3, lowest 0.5. val: no points yet.",
	);
});
