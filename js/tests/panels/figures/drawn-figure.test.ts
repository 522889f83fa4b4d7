// @vitest-environment happy-dom
// Figures in the room of a card, and what becomes of one that its library cannot draw.
import { beforeEach, expect, test, vi } from "vitest";
import type { Described } from "../../../src/panels/figures/drawing";
import { DrawnFigure } from "../../../src/panels/figures/drawn-figure";
import { plotlyLayout } from "../../../src/panels/figures/plotly";
import { vegaSpec } from "../../../src/panels/figures/vega";
import { EverythingInSight, turns } from "../stage";

const CARD = { width: 300, height: 200, isEnlarged: false };
const LARGE = { width: 900, height: 560, isEnlarged: true };

beforeEach(() => vi.stubGlobal("IntersectionObserver", EverythingInSight));

function described(step: number): Described {
	return { library: "plotly", step, figure: { data: [], layout: {} } };
}

test("in a card margins are narrow and every axis makes room for its labels", () => {
	const layout = { title: { text: "Loss" }, yaxis2: { side: "right" }, margin: { l: 200 } };
	const fitted = plotlyLayout(layout, CARD, 0.5);
	expect(fitted).toMatchObject({
		width: 600,
		height: 400,
		showlegend: false,
		margin: { l: 12, t: 44 },
		xaxis: { automargin: true },
		yaxis2: { automargin: true, side: "right" },
	});
	expect(plotlyLayout({}, CARD, 0.5)).toMatchObject({ margin: { t: 16 } });
	expect(plotlyLayout(layout, LARGE)).toEqual({
		...layout,
		autosize: false,
		width: 900,
		height: 560,
	});
});

test("a chart takes the size of the card, and several beside each other keep theirs", () => {
	expect(vegaSpec({ mark: "bar", width: 50 }, CARD)).toMatchObject({ width: 300, height: 200 });
	const pair = { hconcat: [{ mark: "bar" }, { mark: "point" }] };
	expect(vegaSpec(pair, CARD)).toBe(pair);
	const faceted = { mark: "bar", encoding: { row: { field: "a" } } };
	expect(vegaSpec(faceted, CARD)).toBe(faceted);
});

test("of figures that come while one is drawn only the newest is, and is cleared away", async () => {
	const drawn: unknown[] = [];
	const purge = vi.fn();
	const plotly = { react: async (_: unknown, figure: object) => drawn.push(figure), purge };
	const failed = vi.fn();
	const figure = new DrawnFigure(() => Promise.resolve(plotly), failed);
	figure.resize(CARD);
	for (const step of [1, 2, 3]) figure.take(described(step));
	await turns();
	expect(drawn).toHaveLength(1);
	expect(figure.root.dataset.drawnStep).toBe("3");
	figure.remove();
	await turns();
	expect(purge).toHaveBeenCalledOnce();
	expect(figure.root.childElementCount).toBe(0);
	expect(failed).not.toHaveBeenCalled();
});

test("what its library cannot draw is told once, and the next figure is drawn", async () => {
	const reasons: unknown[] = [];
	const plotly = {
		react: vi.fn().mockRejectedValueOnce(new Error("no such trace")).mockResolvedValue(0),
		purge: vi.fn(),
	};
	const figure = new DrawnFigure(
		() => Promise.resolve(plotly),
		({ step }, reason) => reasons.push(step, reason),
	);
	figure.resize(CARD);
	figure.take(described(1));
	await turns();
	expect(reasons).toEqual([1, new Error("no such trace")]);
	figure.take(described(2));
	await turns();
	expect(figure.root.dataset.drawnStep).toBe("2");
	expect(reasons).toHaveLength(2);
});
