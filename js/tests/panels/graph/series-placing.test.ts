import { expect, test } from "vitest";
import type { Direction, LevelShape, Placed } from "../../../src/panels/graph/layout/level";
import { place } from "../../../src/panels/graph/layout/placing";

const DIRECTIONS: readonly Direction[] = ["TB", "LR"];

/** Boxes of changing sizes in series. */
function series(count: number, skips: readonly (readonly [number, number])[]): LevelShape {
	return {
		sizes: Array.from({ length: count }, (_, i) => [60 + ((i * 37) % 90), 24 + 20 * (i % 2)]),
		edges: [...Array.from({ length: count - 1 }, (_, i) => [i, i + 1] as const), ...skips],
		inputs: [[0, 0]],
		outputs: [[count - 1, 0]],
	};
}

/** The middles of the boxes across the direction of the graph. */
function middles(shape: LevelShape, placed: Placed, direction: Direction): number[] {
	const across = direction === "TB" ? 0 : 1;
	return placed.boxes.map((box, i) => box[across] + (shape.sizes[i]?.[across] ?? 0) / 2);
}

/** Boxes, by their numbers, that a route runs through in mid-way. */
function struck(shape: LevelShape, placed: Placed, route: number): number[] {
	const inner = placed.routes[route]?.slice(1, -1) ?? [];
	const hits = (i: number) => {
		const [left = 0, top = 0] = placed.boxes[i] ?? [];
		const [width = 0, height = 0] = shape.sizes[i] ?? [];
		const inside = ([x, y]: readonly [number, number]) =>
			x > left && x < left + width && y > top && y < top + height;
		const middles = inner
			.slice(1)
			.map(
				([x, y], k) => [(x + (inner[k]?.[0] ?? 0)) / 2, (y + (inner[k]?.[1] ?? 0)) / 2] as const,
			);
		return inner.some(inside) || middles.some(inside);
	};
	return shape.sizes.map((_, i) => i).filter(hits);
}

for (const direction of DIRECTIONS) {
	test(`boxes in series stand in one line, with what skips them beside it (${direction})`, () => {
		const shape = series(12, [
			[0, 3],
			[4, 8],
			[3, 10],
		]);
		const placed = place(shape, direction);
		const [first = 0, ...rest] = middles(shape, placed, direction);
		for (const middle of rest) expect(middle).toBeCloseTo(first);
		for (const route of placed.routes.keys()) expect(struck(shape, placed, route)).toEqual([]);
		const room = direction === "TB" ? placed.width : placed.height;
		const across = direction === "TB" ? 0 : 1;
		for (const point of placed.routes.flat()) {
			expect(point[across]).toBeGreaterThanOrEqual(0);
			expect(point[across]).toBeLessThanOrEqual(room);
		}
	});

	test(`what would cross on one side runs on both (${direction})`, () => {
		const shape = series(8, [
			[0, 4],
			[2, 6],
		]);
		const placed = place(shape, direction);
		const across = direction === "TB" ? 0 : 1;
		const [middle = 0] = middles(shape, placed, direction);
		const sides = [7, 8].map((route) =>
			Math.sign((placed.routes[route]?.[2]?.[across] ?? 0) - middle),
		);
		expect(sides.sort()).toEqual([-1, 1]);
	});

	test(`ports that serve inner boxes lie beside the line (${direction})`, () => {
		const shape: LevelShape = {
			...series(5, []),
			inputs: [
				[0, 0],
				[1, 3],
			],
			outputs: [
				[4, 0],
				[1, 1],
			],
		};
		const placed = place(shape, direction);
		const [middle] = middles(shape, placed, direction);
		expect(placed.inputPorts[0]).toBeCloseTo(middle ?? 0);
		expect(placed.outputPorts[0]).toBeCloseTo(middle ?? 0);
		expect(new Set(placed.inputPorts).size).toBe(2);
		expect(new Set(placed.outputPorts).size).toBe(2);
		const across = direction === "TB" ? 0 : 1;
		expect(placed.routes[5]?.[0]?.[across]).toBe(placed.inputPorts[1]);
		expect(placed.routes[7]?.at(-1)?.[across]).toBe(placed.outputPorts[1]);
	});

	test(`pieces that branch are joined to those that do not (${direction})`, () => {
		// 0 – 1 – (2, 3) – 4 – 5, where 4 skips to 7.
		const shape: LevelShape = {
			sizes: [80, 120, 60, 90, 24, 70, 70, 24].map((width) => [width, 30]),
			edges: [
				[0, 1],
				[1, 2],
				[1, 3],
				[2, 4],
				[3, 4],
				[4, 5],
				[5, 6],
				[6, 7],
				[4, 7],
			],
			inputs: [],
			outputs: [],
		};
		const placed = place(shape, direction);
		const main = direction === "TB" ? 1 : 0;
		for (const [i, [source, target]] of shape.edges.entries()) {
			const end = (placed.boxes[source]?.[main] ?? 0) + (shape.sizes[source]?.[main] ?? 0);
			expect(end).toBeLessThan(placed.boxes[target]?.[main] ?? 0);
			expect(placed.routes[i]?.[0]?.[main]).toBeCloseTo(end);
			expect(placed.routes[i]?.at(-1)?.[main]).toBeCloseTo(placed.boxes[target]?.[main] ?? 0);
			expect(struck(shape, placed, i)).toEqual([]);
		}
		const across = middles(shape, placed, direction);
		for (const i of [1, 5, 6, 7]) expect(across[i]).toBeCloseTo(across[4] ?? 0);
		expect(across[2]).not.toBeCloseTo(across[3] ?? 0);
	});
}
