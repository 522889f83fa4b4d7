import { describe, expect, test } from "vitest";
import { SvgPen } from "../../src/charts/lines/pen";
import { type Plot, Plotter, vertical } from "../../src/charts/lines/plot";
import { type ChartPicture, toSvg } from "../../src/charts/svg";
import { THEME, traceOf } from "./lines";

function plot(values: number[], more: Partial<Plot> = {}): Plot {
	return {
		traces: [traceOf(values)],
		events: [],
		x: { min: 1, max: values.length },
		y: undefined,
		isLog: false,
		ignoresOutliers: false,
		...more,
	};
}

const measure = (made: Plot) => new Plotter().measure(made, 400, 1);

describe("the range of values", () => {
	test("holds all that is finite, with some room", () => {
		const { min, max } = measure(plot([0, Number.NaN, 10, Number.POSITIVE_INFINITY]));
		expect(min).toBeCloseTo(-0.5);
		expect(max).toBeCloseTo(10.5);
	});

	test("of equal values, of one and of none still has a height", () => {
		for (const values of [[3, 3, 3], [0], [], [Number.NaN]]) {
			const { min, max } = measure(plot(values, { x: { min: 0, max: 4 } }));
			expect(max).toBeGreaterThan(min);
		}
	});

	test("on a log scale leaves out what is not positive", () => {
		const { min, max } = measure(plot([-1, 0, 0.01, 100], { isLog: true }));
		expect(min).toBeGreaterThan(0.003);
		expect(min).toBeLessThan(0.01);
		expect(max).toBeGreaterThan(100);
		const none = measure(plot([-1, -2], { isLog: true }));
		expect(none.min).toBeGreaterThan(0);
	});

	test("can leave out outliers", () => {
		const values = Array.from({ length: 100 }, (_, i) => (i === 50 ? 1e6 : 1 + (i % 10)));
		expect(measure(plot(values)).max).toBeGreaterThan(1e6);
		expect(measure(plot(values, { ignoresOutliers: true })).max).toBeLessThan(20);
	});

	test("chosen by the reader is kept", () => {
		expect(measure(plot([0, 10], { y: { min: 4, max: 5 } }))).toEqual({ min: 4, max: 5 });
	});
});

test("values far outside the range are placed near the area, where canvases draw well", () => {
	const area = { left: 0, top: 100, width: 100, height: 50, ratio: 1 };
	const linear = vertical({ min: 0, max: 1 }, area, false);
	expect([linear(0), linear(1)]).toEqual([150, 100]);
	expect([linear(1e300), linear(-1e300)]).toEqual([50, 200]);
	const log = vertical({ min: 0.1, max: 10 }, area, true);
	expect(log(1)).toBeCloseTo(125);
	expect([log(0), log(-1)]).toEqual([200, 200]);
});

describe("as SVG", () => {
	const picture = (made: Plot, title = "loss"): ChartPicture => ({
		title,
		plot: made,
		xKind: "step",
	});

	test("lines are vectors and labels are text", () => {
		const svg = toSvg([picture(plot([3, 2, 1]))], THEME);
		expect(svg).toContain('stroke="#2f6fde"');
		expect(svg).toContain(">train</text>");
		expect(svg).not.toContain("<image");
		expect(svg).not.toContain("NaN");
	});

	test("a tag, a run's name and a font cannot break out of the document", () => {
		const traces = [traceOf([1, 2], { name: "</text><script>alert(1)</script>" })];
		const svg = toSvg([picture(plot([1, 2], { traces }), '"><img onerror=x>')], THEME);
		expect(svg).not.toContain("<script");
		expect(svg).not.toContain("<img");
		expect(svg).toContain("Inter, &quot;Segoe UI&quot;");
	});

	test("every line is drawn, whatever it holds", () => {
		const odd = [
			[],
			[1],
			[Number.NaN, Number.NaN],
			[1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2],
			Array.from({ length: 5000 }, (_, i) => (i % 2 ? 1e300 : -1e300)),
		];
		for (const isLog of [false, true]) {
			for (const values of odd) {
				const smoothed = Float64Array.from(values);
				const traces = [traceOf(values), traceOf(values, { smoothed, isDashed: true })];
				const events = [
					{ x: 1, kind: "command" as const, text: "lr 0.1 → 0.01" },
					{ x: 1, kind: "validation" as const, text: "validation" },
				];
				const svg = toSvg(
					[picture(plot(values, { traces, events, isLog, x: { min: 0, max: 9 } }))],
					THEME,
				);
				expect(svg).not.toMatch(/NaN|Infinity|undefined/);
			}
		}
	});
});

test("a dashed line stays dashed where there are more points than pixels", () => {
	const values = Array.from({ length: 5000 }, (_, i) => Math.sin(i / 100));
	const lifts = (isDashed: boolean) => {
		const made = plot(values, { traces: [traceOf(values, { isDashed })] });
		const [line = ""] = toSvg([{ title: "loss", plot: made, xKind: "step" }], THEME)
			.split("\n")
			.filter((part) => part.includes('stroke-width="1.6"'));
		return line.split("M").length - 1;
	};
	expect(lifts(false)).toBe(1);
	expect(lifts(true)).toBeGreaterThan(40);
});

test("many commands beside each other are few marks", () => {
	const events = Array.from({ length: 400 }, (_, i) => ({
		x: 1 + i / 100,
		kind: "command" as const,
		text: "paused",
	}));
	const marks = (shown: Plot["events"]) =>
		toSvg([{ title: "loss", plot: plot([1, 2, 3, 4, 5], { events: shown }), xKind: "step" }], THEME)
			.split("\n")
			.filter((part) => part.includes(THEME.textSoft) && part.includes("fill-opacity")).length;
	expect(marks(events)).toBeLessThan(80);
	expect(marks(events.slice(0, 1))).toBe(1);
});

test("a fault is named beside its line, on the side where there is room", () => {
	const named = (x: number) => {
		const events = [{ x, kind: "fault" as const, text: "dead ReLU init: biases are -100" }];
		const [name = ""] = toSvg(
			[{ title: "loss", plot: plot([1, 2, 3, 4, 5], { events }), xKind: "step" }],
			THEME,
		)
			.split("\n")
			.filter((part) => part.includes(">dead ReLU init<"));
		return name.includes('text-anchor="end"') ? "left" : name && "right";
	};
	expect([named(1.2), named(4.8)]).toEqual(["right", "left"]);
});

test("no curve goes through the name of a fault", () => {
	const events = [{ x: 4, kind: "fault" as const, text: "lr × 100: lr 0.1 → 10" }];
	const made = plot([5, 5, 5, 5, 1], { events });
	const svg = toSvg([{ title: "loss", plot: made, xKind: "step" }], THEME);
	const curve = svg.lastIndexOf(`stroke="${made.traces[0]?.color}"`);
	expect(curve).toBeGreaterThan(0);
	expect(svg.indexOf(">lr × 100<")).toBeGreaterThan(curve);
});

test("the best value has a ring, on few lines only", () => {
	const rings = (lines: number) => {
		const best = { x: 2, value: 1, step: 2 };
		const traces = Array.from({ length: lines }, () => traceOf([3, 1, 2], { best }));
		return toSvg([{ title: "loss", plot: plot([3, 1, 2], { traces }), xKind: "step" }], THEME)
			.split("\n")
			.filter((part) => part.includes('stroke-width="1.4"')).length;
	};
	expect(rings(2)).toBe(2);
	expect(rings(6)).toBe(0);
});

test("only the lines that stand out are drawn bold", () => {
	const plotter = new Plotter();
	const shown = plot([1, 2, 3], {
		traces: [traceOf([1, 2, 3]), traceOf([3, 2, 1], { key: "other", color: "#0a0" })],
	});
	const area = { left: 0, top: 0, width: 400, height: 100, ratio: 1 };
	const y = plotter.measure(shown, area.width, 1);
	const widths = (keys: readonly string[]) => {
		const pen = new SvgPen();
		plotter.drawBold(pen, shown, y, area, new Set(keys));
		const found = pen.parts.join("").matchAll(/stroke="(#\w+)" stroke-width="([\d.]+)"/g);
		return [...found].map(([, color, width]) => [color, Number(width)]);
	};
	expect(widths(["other"])).toEqual([["#0a0", expect.closeTo(2.4)]]);
	expect(widths(["none"])).toEqual([]);
});
