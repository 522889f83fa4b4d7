// What plots of windows draw: series and ranges, ticks, boxes, contours, shares, nodes, colours.
import { describe, expect, test } from "vitest";
import type { Theme } from "../../src/ui/theme";
import { springs } from "../../src/visdom/network";
import { cutText, xLabels, yLabels } from "../../src/visdom/plots/axis-labels";
import { boxOf } from "../../src/visdom/plots/boxes";
import { colourAt, colourTable, lifted, parseColour } from "../../src/visdom/plots/colours";
import { contourPieces, levelsBetween } from "../../src/visdom/plots/contours";
import { gridPixels, seriesColour } from "../../src/visdom/plots/draw";
import { axisNames } from "../../src/visdom/plots/parallel-view";
import { described, nearest } from "../../src/visdom/plots/plane-view";
import { familyOf } from "../../src/visdom/plots/plot";
import { sectorsOf } from "../../src/visdom/plots/round-view";
import { rangeOf, Scale } from "../../src/visdom/plots/scale";
import { labelIn } from "../../src/visdom/plots/sector-labels";
import { type GridSeries, planeModel } from "../../src/visdom/plots/series";
import { edges, spaceModel, spaceScales } from "../../src/visdom/plots/space-plot";
import type { Grid, Trace } from "../../src/visdom/spec";

const column = (...values: number[]) => Float64Array.from(values);
const grid = (rows: number, columns: number, ...values: number[]): Grid => ({
	rows,
	columns,
	values: Float32Array.from(values),
});
const plot = (...traces: Trace[]) => ({ traces, layout: {}, title: "" });

describe("labels of axes", () => {
	const measure = { measureText: (text: string) => ({ width: 6 * text.length }) as TextMetrics };
	const names = Array.from({ length: 10 }, (_, i) => `class ${i}`);
	const scale = new Scale({ min: -0.5, max: 9.5 }, false, names);
	const texts = (labels: readonly { text: string }[]) => labels.map(({ text }) => text);

	test("every name is written, turned where they would overlap", () => {
		const narrow = xLabels(measure, scale.between(0, 260), {}, 260);
		expect(texts(narrow.ticks)).toEqual(names);
		expect(narrow.isTurned).toBe(true);
		expect(narrow.deeper).toBeCloseTo(42 * Math.SQRT1_2 - 6.5);
		const wide = xLabels(measure, scale.between(0, 900), {}, 900);
		expect(texts(wide.ticks)).toEqual(names);
		expect([wide.isTurned, wide.deeper]).toEqual([false, 0]);
		expect(texts(yLabels(measure, scale.between(200, 0), {}, 200))).toEqual(names);
	});

	test("what could not be read is left out, and long names are cut", () => {
		const tiny = xLabels(measure, scale.between(0, 65), {}, 65);
		expect(texts(tiny.ticks)).toEqual(["class 0", "class 2", "class 4", "class 6", "class 8"]);
		expect(cutText(measure, "a class with a long name", 60)).toBe("a class w…");
		const axis = { tickvals: [0, 1], ticktext: ["a name of some length", "another one"] };
		const own = xLabels(measure, new Scale({ min: 0, max: 1 }, false).between(0, 60), axis, 60);
		expect(texts(own.ticks)).toEqual(["a name of som…", "another one"]);
		expect(own.isTurned).toBe(true);
	});
});

describe("series", () => {
	test("points and lines keep their numbers, colours and marks", () => {
		const trace: Trace = {
			type: "scatter",
			mode: "lines+markers+text",
			name: "loss",
			x: column(0, 1, 2),
			y: column(3, Number.NaN, 5),
			text: ["a", "b", "c"],
			line: { dash: "dash", color: "#00bfff" },
			marker: { size: "10", symbol: 104, color: ["#ff0000", "#00ff00", "#0000ff"] },
		};
		const model = planeModel([trace], {});
		const [one] = model.series;
		expect(one).toMatchObject({
			kind: "points",
			...{ hasLine: true, hasMarkers: true, hasTexts: true, size: 10, symbol: "104" },
			...{ dash: "dash", colour: "#00bfff", colours: ["#ff0000", "#00ff00", "#0000ff"] },
		});
		expect([model.x, model.y]).toEqual([
			{ min: 0, max: 2 },
			{ min: 3, max: 5 },
		]);
		expect(described(plot(trace), model)).toBe("loss: line, 3 values, the last 5.");
	});

	test("names are categories, and bars stand on or beside each other", () => {
		const bars = (name: string, ...y: number[]): Trace => ({
			type: "bar",
			name,
			x: ["2012", "2013"],
			y: column(...y),
		});
		const stacked = planeModel([bars("a", 1, 2), bars("b", 3, 4)], { barmode: "stack" });
		expect(stacked.xNames).toEqual(["2012", "2013"]);
		expect(stacked.y).toEqual({ min: 0, max: 6 });
		expect(stacked.series[1]).toMatchObject({ base: column(1, 2), x: column(0, 1) });
		const beside = planeModel([bars("a", 1, 2), bars("b", 3, 4)], {});
		expect(beside.y.max).toBe(4);
		const [a, b] = beside.series;
		expect(a).toMatchObject({ from: -0.4 });
		expect(b?.kind === "bars" && b.from).toBeCloseTo(0);
		expect(planeModel([bars("a", 1, 2), bars("b", 3, 4)], {}, new Set([1])).y.max).toBe(2);
	});

	test("a second axis has its own range, and a log axis only what is above 0", () => {
		const x = column(1, 2);
		const model = planeModel(
			[
				{ x, y: column(-1, 10) },
				{ x, y: column(500, 900), yaxis: "y2" },
			],
			{ yaxis: { type: "log" } },
		);
		expect(model.second).toEqual({ min: 500, max: 900 });
		expect(model.y).toEqual({ min: 10, max: 10 });
	});

	test("values are counted, and a mesh in the plane is its edges", () => {
		const [counted] = planeModel([{ type: "histogram", x: column(0, 0, 1) }], {}).series;
		expect(counted?.kind === "bars" && counted.y.reduce((a, b) => a + b)).toBe(3);
		const mesh = { type: "mesh", x: column(0, 1), y: column(2, 3), i: column(0), j: column(1) };
		const [edge] = planeModel([mesh], {}).series;
		expect(edge).toMatchObject({ x: column(0, 1, Number.NaN), hasLine: true });
	});

	test("a grid has cells around whole numbers, its lowest row at the bottom", () => {
		const z = grid(2, 2, 0, 1, Number.NaN, 3);
		const { series, x, isTight } = planeModel([{ type: "heatmap", z, colorscale: "Greys" }], {});
		expect([x, isTight]).toEqual([{ min: -0.5, max: 1.5 }, true]);
		const pixels = gridPixels(series[0] as GridSeries);
		expect([...pixels.subarray(0, 4)]).toEqual([0, 0, 0, 0]); // no number
		expect([...pixels.subarray(4, 8)]).toEqual([255, 255, 255, 255]); // the highest
		expect([...pixels.subarray(8, 12)]).toEqual([0, 0, 0, 255]); // the lowest
	});
});

describe("scales", () => {
	test("values and pixels are there and back", () => {
		const linear = new Scale({ min: 0, max: 10 }, false).between(100, 0);
		expect([linear.pixel(2.5), linear.value(75)]).toEqual([75, 2.5]);
		const log = new Scale({ min: 1, max: 100 }, true).between(0, 200);
		expect(log.pixel(10)).toBeCloseTo(100);
		expect(log.value(100)).toBeCloseTo(10);
		expect(log.pixel(0)).toBeNaN();
	});

	test("ticks are as the layout asks, or round", () => {
		const scale = new Scale({ min: 0, max: 2 }, false);
		const given = { tickvals: [0, 0.75, 9], ticktext: ["zero", "most", "far"] };
		expect(scale.ticks(given, 5)).toEqual([
			{ value: 0, text: "zero" },
			{ value: 0.75, text: "most" },
		]);
		expect(scale.ticks({ dtick: 0.5 }, 5).map(({ text }) => text)).toEqual([
			...["0", "0.5", "1.0", "1.5", "2.0"],
		]);
		expect(scale.ticks({ dtick: 0.001 }, 4).length).toBeLessThan(8);
		expect(scale.ticks({ showticklabels: false }, 4)).toEqual([]);
		const names = new Scale({ min: -0.5, max: 2.5 }, false, ["a", "b", "c"]);
		expect(names.ticks(undefined, 9).map(({ text }) => text)).toEqual(["a", "b", "c"]);
	});

	test("a range is the layout's, else around the values, with 0 where bars stand on it", () => {
		const loose = { isLog: false, isTight: false, hasZero: false };
		const values = { min: 2, max: 4 };
		expect(rangeOf({ range: [-50, 50] }, values, loose)).toEqual({ min: -50, max: 50 });
		expect(rangeOf({ range: [0, 2] }, values, { ...loose, isLog: true })).toEqual({
			...{ min: 1, max: 100 },
		});
		expect(rangeOf(undefined, values, loose)).toEqual({ min: 1.9, max: 4.1 });
		expect(rangeOf(undefined, values, { ...loose, hasZero: true }).min).toBe(0);
		expect(rangeOf(undefined, { min: 3, max: 3 }, loose)).toEqual({ min: 2.7, max: 3.3 });
		expect(rangeOf(undefined, { min: Infinity, max: -Infinity }, loose).max).toBeCloseTo(1.05);
	});
});

describe("under the pointer", () => {
	const area = { left: 0, top: 0, right: 100, bottom: 100 };
	const placed = (model: ReturnType<typeof planeModel>) => ({
		area,
		x: new Scale({ min: 0, max: 10 }, false, model.xNames).between(0, 100),
		y: new Scale({ min: 0, max: 10 }, false, model.yNames).between(100, 0),
		second: undefined,
	});

	test("is the nearest point within reach, and its text", () => {
		const model = planeModel([{ x: column(2, 8), y: column(2, 8), text: ["low", "high"] }], {});
		expect(nearest(model, placed(model), { x: 75, y: 25 })?.text).toBe("high\n8, 8");
		expect(nearest(model, placed(model), { x: 50, y: 50 })).toBeUndefined();
	});

	test("is a cell of a heatmap by its names", () => {
		const z = grid(2, 2, 1, 2, 3, 4);
		const model = planeModel([{ type: "heatmap", z, x: ["a", "b"], y: ["c", "d"] }], {});
		expect(nearest(model, placed(model), { x: 10, y: 100 })?.text).toBe("b, c: 2");
	});
});

test("boxes have quartiles, whiskers and what lies outside", () => {
	const box = boxOf(column(1, 2, 3, 4, 5, 6, 7, 8, 100, Number.NaN));
	expect(box).toMatchObject({ median: 5, from: 1, to: 8, outside: [100], highest: 100 });
	expect(boxOf(column()).median).toBeNaN();
});

test("contours cross cells where the height is", () => {
	expect(contourPieces(grid(2, 2, 0, 0, 1, 1), 0.25)).toEqual([1, 0.25, 0, 0.25]);
	expect(contourPieces(grid(2, 2, 0, 1, 1, 0), 0.5)).toHaveLength(8); // a saddle
	expect(contourPieces(grid(2, 2, 0, Number.NaN, 1, 1), 0.5)).toHaveLength(0);
	expect(levelsBetween(0, 4, 3)).toEqual([1, 2, 3]);
	expect(levelsBetween(1, 1, 3)).toEqual([]);
});

test("shares are angles, and parts of parts stand on rings", () => {
	const pie = sectorsOf({ type: "pie", values: column(1, 3), labels: ["a", "b"] });
	expect(pie.map(({ label, share }) => [label, share])).toEqual([
		["a", 0.25],
		["b", 0.75],
	]);
	const rings = sectorsOf({
		type: "sunburst",
		labels: ["root", "x", "y", "z"],
		parents: ["", "root", "root", "y"],
	});
	expect(rings.map(({ label, ring, share }) => [label, ring, share])).toEqual([
		["root", 0, 1],
		["x", 1, 0.5],
		["y", 1, 0.5],
		["z", 2, 0.5],
	]);
	const loop = { type: "sunburst", labels: ["a", "b"], parents: ["b", "a"] };
	expect(sectorsOf(loop)).toEqual([]);

	// As plotly: a value is added to its parts' unless it has them in it, and the largest come first.
	const given = {
		type: "sunburst",
		labels: ["Eve", "Cain", "Seth", "Enos", "Noam"],
		parents: ["", "Eve", "Eve", "Seth", "Seth"],
		values: column(10, 14, 12, 10, 2),
	};
	const values = (trace: Trace) => sectorsOf(trace).map(({ label, value }) => [label, value]);
	expect(values(given)).toEqual([
		["Eve", 48],
		["Seth", 24],
		["Enos", 10],
		["Noam", 2],
		["Cain", 14],
	]);
	expect(values({ ...given, branchvalues: "total" })).toEqual([
		["Eve", 26],
		["Cain", 14],
		["Seth", 12],
		["Enos", 10],
		["Noam", 2],
	]);
	// The parts of one whole are told apart by colour, and what is within them has theirs.
	const families = sectorsOf(given).map(({ label, family }) => [label, family]);
	expect(Object.fromEntries(families)).toEqual({ Eve: -1, Seth: 0, Enos: 0, Noam: 0, Cain: 1 });
});

test("a name is level in its sector, along the radius, smaller, or nowhere, but never beyond it", () => {
	const half = { inner: 40, outer: 80, from: -Math.PI / 2, to: Math.PI / 2 };
	const widthAt = (letters: number) => (size: number) => 0.6 * size * letters;
	expect(labelIn(half, widthAt(4), 11)).toMatchObject({ x: 60, y: 0, turn: 0, size: 11 });
	const narrow = { ...half, from: Math.PI / 2, to: Math.PI / 2 + 0.35 };
	const turned = labelIn(narrow, widthAt(4), 11);
	expect(turned?.turn).toBeCloseTo(Math.PI / 2 + 0.175 + Math.PI);
	expect(labelIn(half, widthAt(7), 11)?.size).toBe(8);
	expect(labelIn(half, widthAt(20), 11)).toBeUndefined();
	const ring = { inner: 10, outer: 30, from: 0, to: 2 * Math.PI };
	expect(labelIn(ring, widthAt(3), 11)).toBeDefined();
});

test("names of axes beside each other do not meet, and stay in the picture", () => {
	const measure = { measureText: (text: string) => ({ width: 6 * text.length }) as TextMetrics };
	for (const names of [
		["a", "b", "c", "d"],
		["sepal length (cm)", "sepal width (cm)", "x", "z"],
	]) {
		const long = Array.from({ length: 9 }, (_, i) => `a column of a table ${i}`);
		for (const [shown, width] of [
			[names, 260],
			[long, 420],
			[long.slice(0, 2), 260],
		] as const) {
			const { placed, deeper } = axisNames(measure, shown, width);
			expect(deeper).toBe(shown[0] === "a" || shown.length === 2 ? 0 : 14);
			const spans = placed.map(({ text, x, y }) => ({
				y,
				from: x - 3 * text.length,
				to: x + 3 * text.length,
			}));
			for (const [i, { y, from, to }] of spans.entries()) {
				expect(from).toBeGreaterThanOrEqual(0);
				expect(to).toBeLessThanOrEqual(width);
				const next = spans.slice(i + 1).find((other) => other.y === y);
				if (next) expect(next.from).toBeGreaterThan(to);
			}
		}
	}
});

test("series beyond the theme's colours have colours of their own", () => {
	const theme = { series: ["#2f6fde", "#e0702c"], accent: "#000000" } as unknown as Theme;
	const colours = Array.from({ length: 6 }, (_, i) => seriesColour(theme, i));
	expect(colours.slice(0, 2)).toEqual(theme.series);
	expect(new Set(colours).size).toBe(6);
	expect(seriesColour(theme, 6)).toBe(colours[0]);
});

test("places that an axis is told are written as they are", () => {
	const scale = new Scale({ min: 0, max: 2 }, false).between(0, 100);
	const texts = scale.ticks({ tickvals: [0, 0.75, 1.6, 2] }, 4).map(({ text }) => text);
	expect(texts).toEqual(["0", "0.75", "1.6", "2"]);
});

test("nodes that are tied are nearer than others, and each is within the window", () => {
	const edge = (source: number, target: number) => ({ source, target, label: "" });
	const spots = springs(4, [edge(0, 1), edge(1, 2), edge(2, 3)]);
	const apart = (a: number, b: number) =>
		Math.hypot((spots[a]?.x ?? 0) - (spots[b]?.x ?? 0), (spots[a]?.y ?? 0) - (spots[b]?.y ?? 0));
	expect(apart(0, 1)).toBeLessThan(apart(0, 3));
	for (const { x, y } of spots) expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThanOrEqual(1);
});

test("colours are read, and scales run from their first to their last", () => {
	expect(parseColour("#0bf")).toEqual([0, 187, 255]);
	expect(parseColour("rgba(1, 2, 3, 0.5)")).toEqual([1, 2, 3]);
	expect(parseColour("url(x)")).toBeUndefined();
	expect(colourAt(colourTable("Viridis"), 0)).toEqual([68, 1, 84]);
	expect(colourAt(colourTable("Hot_r"), 0)).toEqual([255, 255, 255]);
	const own = [
		[0, "#000000"],
		[1, "#0000ff"],
	];
	expect(colourAt(colourTable(own), 0.5)).toEqual([0, 0, 128]);
	expect(colourAt(colourTable("no such scale"), 1)).toEqual([253, 231, 37]);
	expect(lifted([253, 231, 37])).toEqual([253, 231, 37]);
	const [red, green, blue] = lifted([68, 1, 84]);
	expect((0.3 * red + 0.59 * green + 0.11 * blue) / 255).toBeCloseTo(0.42, 1);
	expect(blue).toBeGreaterThan(green);
});

test("in space a surface is triangles, points have their axes' ranges", () => {
	const surface = spaceModel([{ type: "surface", z: grid(2, 2, 0, 1, 2, 3), cmin: 0, cmax: 3 }]);
	expect([...surface.points.subarray(9)]).toEqual([1, 1, 3]);
	expect([...surface.faces]).toEqual([0, 1, 2, 1, 3, 2]);
	expect([...(surface.shares ?? [])]).toEqual([0, 1 / 3, 2 / 3, 1]);
	const points = spaceModel([{ type: "scatter3d", x: column(0, 4), y: column(1), z: column(2) }]);
	const [x, y] = spaceScales(points, { scene: { yaxis: { range: [0, 2] } } });
	expect([x?.pixel(4), y?.pixel(1)]).toEqual([0.5, 0]);
	// Seen from the front, a little from above: the floor's axes are in front, the heights' at the left.
	const along = edges((px, py, pz) => [px, -py + 0.3 * pz]);
	expect(along(0, 0.5)[1]).toBeGreaterThan(0.5);
	expect(along(2, 0)[0]).toBe(-0.5);
});

test("each kind of trace has its drawing, and others are named", () => {
	expect(familyOf(plot({ type: "scatter" }, { type: "bar" }))).toBe("plane");
	expect(familyOf(plot({ type: "mesh3d" }))).toBe("space");
	expect(familyOf(plot({ type: "sunburst" }))).toBe("round");
	expect(familyOf(plot({ type: "parcoords" }))).toBe("parallel");
	expect(familyOf(plot({ type: "candlestick" }))).toBe("none");
});
