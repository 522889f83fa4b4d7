import { describe, expect, test } from "vitest";
import { LayoutEngine, layOut } from "../../../src/panels/graph/layout/engine";
import type { Direction } from "../../../src/panels/graph/layout/level";
import { place } from "../../../src/panels/graph/layout/placing";
import type { LevelLayout, LevelPlan } from "../../../src/panels/graph/layout/plan";

const box = (id: string, inside?: LevelPlan) => ({
	id,
	width: 100,
	height: 40,
	...(inside ? { inside } : {}),
});

const residual: LevelPlan = {
	boxes: [box("conv"), box("norm"), box("add")],
	edges: [
		["conv", "norm"],
		["norm", "add"],
	],
	inputs: [
		["from", "conv"],
		["from", "add"],
	],
	outputs: [["add", "add"]],
};

function overlaps({ boxes }: LevelLayout): boolean {
	return boxes.some((a, i) =>
		boxes
			.slice(i + 1)
			.some(
				(b) =>
					a.x < b.x + b.width &&
					b.x < a.x + a.width &&
					a.y < b.y + b.height &&
					b.y < a.y + a.height,
			),
	);
}

/** Whether a straight line between two points of a route runs through a box. */
function crossesBoxes({ boxes, routes }: LevelLayout): boolean {
	return routes.some((route) =>
		route.some(([x, y], i) => {
			const [nextX, nextY] = route[i + 1] ?? [x, y];
			const [midX, midY] = [(x + nextX) / 2, (y + nextY) / 2];
			return boxes.some(
				(b) =>
					midX > b.x + 1 && midX < b.x + b.width - 1 && midY > b.y + 1 && midY < b.y + b.height - 1,
			);
		}),
	);
}

describe.each<Direction>(["TB", "LR"])("a level from %s", (direction) => {
	test("has its boxes inside, none over another, and no line through a box", () => {
		const layout = layOut(new LayoutEngine(), residual, direction);
		expect(overlaps(layout)).toBe(false);
		expect(crossesBoxes(layout)).toBe(false);
		for (const { x, y, width, height } of layout.boxes) {
			expect(x).toBeGreaterThanOrEqual(0);
			expect(y).toBeGreaterThanOrEqual(0);
			expect(x + width).toBeLessThanOrEqual(layout.width + 1e-6);
			expect(y + height).toBeLessThanOrEqual(layout.height + 1e-6);
		}
		expect(layout.routes).toHaveLength(5);
		expect(layout.inputPorts).toHaveLength(1);
	});

	test("grows by the inside of an open box", () => {
		const engine = new LayoutEngine();
		const closed: LevelPlan = {
			boxes: [box("a"), box("block"), box("b")],
			edges: [
				["a", "block"],
				["block", "b"],
			],
			inputs: [],
			outputs: [],
		};
		const open = { ...closed, boxes: [box("a"), box("block", residual), box("b")] };
		const before = layOut(engine, closed, direction);
		const after = layOut(engine, open, direction);
		const inside = after.boxes[1]?.inside;
		expect(inside?.boxes).toHaveLength(3);
		expect(after.boxes[1]?.height).toBeGreaterThan(inside?.height ?? 0);
		expect(after.height).toBeGreaterThan(before.height);
		expect(overlaps(after)).toBe(false);
	});
});

test("a chain is a straight line", () => {
	const chain = place(
		{
			sizes: [
				[100, 40],
				[60, 24],
				[140, 40],
			],
			edges: [
				[0, 1],
				[1, 2],
			],
			inputs: [],
			outputs: [],
		},
		"TB",
	);
	for (const route of chain.routes) expect(new Set(route.map(([x]) => Math.round(x))).size).toBe(1);
});

test("levels of equal structure share one layout, whatever their names", () => {
	const engine = new LayoutEngine();
	const named = (name: string): LevelPlan => ({
		boxes: [box(`${name}.0`), box(`${name}.1`)],
		edges: [[`${name}.0`, `${name}.1`]],
		inputs: [["from", `${name}.0`]],
		outputs: [[`${name}.1`, "port"]],
	});
	expect(engine.layout(named("b"), "TB").routes).toBe(engine.layout(named("a"), "TB").routes);
	expect(engine.layout(named("a"), "LR").routes).not.toBe(engine.layout(named("a"), "TB").routes);
});

test("an inside is mirrored where its ways in would cross", () => {
	const engine = new LayoutEngine();
	const inside = (first: string, second: string): LevelPlan => ({
		boxes: [box("p"), box("q")],
		edges: [],
		inputs: [
			[first, "p"],
			[second, "q"],
		],
		outputs: [],
	});
	const outer = (inner: LevelPlan): LevelPlan => ({
		boxes: [box("left"), box("right"), box("pair", inner)],
		edges: [
			["left", "pair"],
			["right", "pair"],
		],
		inputs: [],
		outputs: [],
	});
	for (const inner of [inside("left", "right"), inside("right", "left")]) {
		const layout = layOut(engine, outer(inner), "TB");
		const [left, right, pair] = layout.boxes;
		const ports = new Map(
			inner.inputs.map(([port], i) => [port, pair?.inside?.inputPorts[i] ?? 0]),
		);
		expect(Math.sign((ports.get("left") ?? 0) - (ports.get("right") ?? 0))).toBe(
			Math.sign((left?.x ?? 0) - (right?.x ?? 0)),
		);
	}
});

test("a thousand boxes are placed", () => {
	const sizes = Array.from({ length: 1000 }, () => [90, 40] as const);
	const edges = sizes.slice(1).map((_, i) => [i, i + 1] as const);
	const placed = place({ sizes, edges, inputs: [], outputs: [] }, "TB");
	expect(placed.boxes).toHaveLength(1000);
});
