// @vitest-environment happy-dom
// A page without a canvas to draw on: what is laid out, pointed at and selected.
import { beforeEach, expect, test, vi } from "vitest";
import { Axes } from "../../src/charts/lines/axes";
import { LineChart } from "../../src/charts/lines/line";
import type { Plot } from "../../src/charts/lines/plot";
import { THEME, traceOf } from "./lines";

/** 400 × 200 inside, from 0 to 100 and from 0 to 10. */
const [WIDTH, HEIGHT] = [456, 232];
const listener = { hover: vi.fn(), zoom: vi.fn(), reset: vi.fn() };

function plot(more: Partial<Plot> = {}): Plot {
	return {
		traces: [traceOf([0, 10])],
		events: [],
		x: { min: 0, max: 100 },
		y: { min: 0, max: 10 },
		isLog: false,
		ignoresOutliers: false,
		...more,
	};
}

function draw(shown: Plot = plot()) {
	const host = document.createElement("div");
	document.body.replaceChildren(host);
	const chart = new LineChart(host, listener);
	chart.draw(shown, "step", THEME, WIDTH, HEIGHT);
	const over = host.querySelector<HTMLElement>(".nbviz-plot-over");
	if (!over) throw new Error("the chart has an inside");
	const send = (target: EventTarget, type: string, x: number, y: number, more: object = {}) => {
		const event = new MouseEvent(type, { clientX: x, clientY: y, button: 0, ...more });
		Object.defineProperties(event, { offsetX: { value: x }, offsetY: { value: y } });
		target.dispatchEvent(event);
	};
	return { host, chart, over, send };
}

beforeEach(() => {
	vi.clearAllMocks();
});

test("the pointer is reported as a value, again when the range moves below it", () => {
	const { chart, over, send } = draw();
	send(over, "mousemove", 100, 20);
	expect(listener.hover).toHaveBeenLastCalledWith(25, 20);
	chart.draw(plot({ x: { min: 100, max: 200 } }), "step", THEME, WIDTH, HEIGHT);
	expect(listener.hover).toHaveBeenLastCalledWith(125, 20);
	send(over, "mouseleave", 0, 0);
	expect(listener.hover).toHaveBeenLastCalledWith(undefined, 0);
	chart.draw(plot(), "step", THEME, WIDTH, HEIGHT);
	expect(listener.hover).toHaveBeenCalledTimes(3);
});

test("a drag shows what it selects, and zooms to it when the button is released", () => {
	const { host, over, send } = draw();
	const selection = host.querySelector<HTMLElement>(".nbviz-plot-select");
	send(over, "mousedown", 100, 20);
	send(document, "mousemove", 200, 22);
	expect(selection?.hidden).toBe(false);
	expect([selection?.style.left, selection?.style.width]).toEqual(["100px", "100px"]);
	expect(listener.zoom).not.toHaveBeenCalled();
	send(document, "mouseup", 300, 22);
	expect(selection?.hidden).toBe(true);
	expect(listener.zoom.mock.calls).toEqual([[{ min: 25, max: 75 }, undefined]]);
	send(over, "mousedown", 100, 50);
	send(document, "mouseup", 200, 150);
	expect(listener.zoom.mock.calls[1]).toEqual([
		{ min: 25, max: 50 },
		{ min: 2.5, max: 7.5 },
	]);
	send(over, "mousedown", 100, 50);
	send(document, "mouseup", 101, 50);
	expect(listener.zoom).toHaveBeenCalledTimes(2);
	send(over, "dblclick", 100, 50);
	expect(listener.reset).toHaveBeenCalledOnce();
});

test("with shift a drag pans, and other buttons do nothing", () => {
	const { over, send } = draw();
	send(over, "mousedown", 100, 20, { shiftKey: true });
	send(document, "mousemove", 140, 20);
	expect(listener.zoom.mock.calls).toEqual([[{ min: -10, max: 90 }, undefined]]);
	send(document, "mouseup", 140, 20);
	send(over, "mousedown", 100, 20, { button: 2 });
	send(document, "mouseup", 300, 20);
	expect(listener.zoom).toHaveBeenCalledOnce();
});

test("the crosshair and its dots stand where their values are, also on a log axis", () => {
	const { host, chart } = draw(plot({ isLog: true, y: { min: 0.1, max: 10 } }));
	chart.showCursor(50, [
		{ x: 50, y: 1, color: "red" },
		{ x: 50, y: 100, color: "blue" },
	]);
	const crosshair = host.querySelector<HTMLElement>(".nbviz-chart-crosshair");
	expect(crosshair?.style.transform).toBe("translateX(200px)");
	const dots = [...host.querySelectorAll<HTMLElement>(".nbviz-chart-dot")];
	expect(dots.map(({ style }) => style.display)).toEqual(["", "none"]);
	expect(dots[0]?.style.transform).toBe("translate(200px, 100px)");
	expect(chart.leftOf(50)).toBe(246);
	expect(chart.inside).toEqual({ width: 400, height: 200 });
	chart.showCursor(undefined, []);
	expect(host.querySelector<HTMLElement>(".nbviz-chart-layer")?.hidden).toBe(true);
});

test("a destroyed chart leaves nothing, also while a drag is in progress", () => {
	const { host, chart, over, send } = draw();
	send(over, "mousedown", 100, 20);
	chart.destroy();
	send(document, "mouseup", 300, 20);
	expect(listener.zoom).not.toHaveBeenCalled();
	expect(host.childElementCount).toBe(0);
});

test("axes are drawn anew only when they look different", () => {
	const calls: string[] = [];
	const context = new Proxy(
		{},
		{
			get: (_, name) => (text: string) =>
				name === "measureText"
					? { width: 6 * text.length }
					: name === "fillText" && calls.push(text),
			set: () => true,
		},
	);
	vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(context as never);
	const axes = new Axes();
	const look = {
		x: { min: 0, max: 100 },
		y: { min: 0, max: 10 },
		xKind: "step",
		xAxis: "labels",
		isLog: false,
		isEmpty: false,
		theme: THEME,
		width: WIDTH,
		height: HEIGHT,
		ratio: 1,
	} as const;
	axes.draw(look);
	expect(calls).toEqual(["0", "20", "40", "60", "80", "100", "0", "2", "4", "6", "8", "10"]);
	axes.draw({ ...look, x: { min: 0, max: 100 } });
	expect(calls).toHaveLength(12);
	axes.draw({ ...look, x: { min: 0, max: 200 } });
	expect(calls.slice(12, 18)).toEqual(["0", "50", "100", "150", "200", "0"]);
	calls.length = 0;
	axes.draw({ ...look, xAxis: "none" });
	expect(calls).toEqual(["0", "2", "4", "6", "8", "10"]);
	calls.length = 0;
	axes.draw({ ...look, xAxis: "titled", isEmpty: true });
	expect(calls[0]).toBe("step");
	expect(calls.slice(1)).toEqual(["0", "20", "40", "60", "80", "100"].slice(0, calls.length - 1));
	vi.restoreAllMocks();
});

test("lines that stand out are drawn over all lines, which fade and are not drawn again", () => {
	const { host, chart } = draw();
	const [, lines, bold] = host.querySelectorAll("canvas");
	if (!lines || !bold) throw new Error("the chart has its canvases");
	expect([lines.style.opacity, bold.hidden]).toEqual(["", true]);
	const fetched = vi.spyOn(lines, "getContext");
	chart.emphasise(new Set(["run-1\nloss/train"]));
	expect([lines.style.opacity, bold.hidden]).toEqual(["0.25", false]);
	expect(fetched).not.toHaveBeenCalled();
	// A run that trains on is drawn anew below what stands out.
	chart.draw(plot(), "step", THEME, WIDTH, HEIGHT);
	expect(bold.hidden).toBe(false);
	chart.emphasise(undefined);
	expect([lines.style.opacity, bold.hidden]).toEqual(["", true]);
});
