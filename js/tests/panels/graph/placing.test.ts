import { expect, test } from "vitest";
import type { LevelShape } from "../../../src/panels/graph/layout/level";
import { place } from "../../../src/panels/graph/layout/placing";

for (const direction of ["TB", "LR"] as const) {
	test(`a line that runs past boxes stays within its level (${direction})`, () => {
		const widths = [150, 150, 60, 60, 230, 60, 36];
		const placed = place(
			{
				sizes: widths.map((width) => [width, 44] as const),
				edges: widths.slice(1).map((_, i) => [i, i + 1] as const),
				inputs: [
					[0, 0],
					[0, widths.length - 1],
				],
				outputs: [[widths.length - 1, 0]],
			},
			direction,
		);
		const across = direction === "TB" ? 0 : 1;
		const room = direction === "TB" ? placed.width : placed.height;
		for (const point of placed.routes.flat()) {
			expect(point[across]).toBeGreaterThanOrEqual(0);
			expect(point[across]).toBeLessThanOrEqual(room);
		}
	});
}

const RANDOM = Array.from({ length: 60 }, (_, seed) => seed);

/** A level whose branches do not all meet again, so that it is no chain of pieces. */
function branching(seed: number): LevelShape {
	let state = 2 * seed + 1;
	const random = (below: number) => {
		state = (state * 48271) % 2147483647;
		return state % below;
	};
	const count = 4 + random(16);
	const edges = Array.from({ length: count - 1 }, (_, i) => [random(i + 1), i + 1] as const);
	for (let i = 0; i < random(4); i += 1) {
		const target = 2 + random(count - 2);
		edges.push([random(target), target]);
	}
	const left = edges.map(([source]) => source);
	const ends = Array.from({ length: count }, (_, i) => i).filter((i) => !left.includes(i));
	return {
		sizes: Array.from({ length: count }, () => [40 + random(160), 20 + random(40)] as const),
		edges: [...new Map(edges.map((edge) => [edge.join(), edge])).values()],
		inputs: [[0, 0]],
		outputs: ends.map((box, port) => [box, port] as const),
	};
}

test.each(RANDOM)("boxes do not overlap (%i)", (seed) => {
	const shape = branching(seed);
	for (const direction of ["TB", "LR"] as const) {
		const { boxes } = place(shape, direction);
		for (const [i, [x, y]] of boxes.entries()) {
			const [width, height] = shape.sizes[i] ?? [0, 0];
			for (const [j, [otherX, otherY]] of boxes.slice(0, i).entries()) {
				const [otherWidth, otherHeight] = shape.sizes[j] ?? [0, 0];
				const isApart =
					x >= otherX + otherWidth ||
					otherX >= x + width ||
					y >= otherY + otherHeight ||
					otherY >= y + height;
				expect(isApart).toBe(true);
			}
		}
	}
});

test("what follows one another without a branch stands on one line", () => {
	// A network with two heads, of which one is long, and wide at its end.
	const shape: LevelShape = {
		sizes: [200, 130, 160, 40, 80].map((width) => [width, 44] as const),
		edges: [
			[0, 1],
			[1, 2],
			[0, 3],
			[3, 4],
		],
		inputs: [[0, 0]],
		outputs: [
			[2, 0],
			[4, 1],
		],
	};
	const { boxes, outputPorts } = place(shape, "TB");
	const middle = (box: number) => (boxes[box]?.[0] ?? 0) + (shape.sizes[box]?.[0] ?? 0) / 2;
	expect(middle(1)).toBeCloseTo(middle(2));
	expect(middle(2)).toBeCloseTo(outputPorts[0] ?? 0);
	expect(middle(3)).toBeCloseTo(middle(4));
	expect(middle(4)).toBeCloseTo(outputPorts[1] ?? 0);
});
