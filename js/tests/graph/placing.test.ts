import { expect, test } from "vitest";
import { place } from "../../src/graph/placing";

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
