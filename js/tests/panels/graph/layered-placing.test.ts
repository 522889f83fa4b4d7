import { expect, test } from "vitest";
import { placeLayered } from "../../../src/panels/graph/layout/layered-placing";
import type { LevelShape } from "../../../src/panels/graph/layout/level";

/** Many boxes in series, with edges that skip some, one that skips nearly all, and one in and out. */
function shape(count: number): LevelShape {
	const edges: [number, number][] = [];
	for (let i = 1; i < count; i += 1) edges.push([i - 1, i]);
	for (let i = 6; i < count; i += 5) edges.push([i - 6, i]);
	edges.push([0, count - 1]);
	return {
		sizes: Array.from({ length: count }, (_, i) => [40 + (i % 7) * 10, 24]),
		edges,
		inputs: [[0, 0]],
		outputs: [[count - 1, 0]],
	};
}

for (const direction of ["TB", "LR"] as const) {
	test(`many boxes lie apart and in order (${direction})`, () => {
		const given = shape(2500);
		const placed = placeLayered(given, direction);
		const main = direction === "TB" ? 1 : 0;
		for (const [source, target] of given.edges) {
			const size = given.sizes[source]?.[main] ?? 0;
			const [from, to] = [placed.boxes[source], placed.boxes[target]];
			expect((from?.[main] ?? 0) + size).toBeLessThan(to?.[main] ?? 0);
		}
		for (const [i, [x, y]] of placed.boxes.entries()) {
			const [width, height] = given.sizes[i] ?? [0, 0];
			expect(x).toBeGreaterThanOrEqual(0);
			expect(y).toBeGreaterThanOrEqual(0);
			expect(x + width).toBeLessThanOrEqual(placed.width + 0.01);
			expect(y + height).toBeLessThanOrEqual(placed.height + 0.01);
		}
		expect(placed.routes).toHaveLength(given.edges.length + 2);
	});
}

test("boxes of one rank do not lie on each other", () => {
	const count = 300;
	const given: LevelShape = {
		sizes: Array.from({ length: count + 2 }, () => [50, 24]),
		edges: Array.from({ length: count }, (_, i) => [
			[0, i + 1],
			[i + 1, count + 1],
		]).flat() as [number, number][],
		inputs: [],
		outputs: [],
	};
	const xs = placeLayered(given, "TB")
		.boxes.slice(1, count + 1)
		.map(([x]) => x)
		.sort((a, b) => a - b);
	for (const [i, x] of xs.entries()) {
		if (i > 0) expect(x - (xs[i - 1] ?? 0)).toBeGreaterThanOrEqual(50);
	}
});
