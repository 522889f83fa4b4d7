// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import type { HeatmapCells } from "../../src/charts/heatmap/cells";
import {
	cellAt,
	cellGrid,
	cellValue,
	describeCell,
	magnitudeWithin,
} from "../../src/charts/heatmap/cells";
import { colorIndex, colormap } from "../../src/charts/heatmap/colormaps";
import type { Theme } from "../../src/ui/theme";

function picture(shape: number[], rows: number, columns: number, more = {}): HeatmapCells {
	return {
		name: "w",
		step: 1,
		shape,
		rows,
		columns,
		tile_rows: 0,
		tile_columns: 0,
		reduced: 1,
		scale: 0.001,
		cells: Int16Array.from({ length: rows * columns }, (_, i) => i),
		...more,
	};
}

describe("cells", () => {
	it("of a matrix lie where they are", () => {
		const grid = cellGrid(picture([3, 4], 3, 4));
		expect([grid.width, grid.height]).toEqual([4, 3]);
		expect(cellAt(grid, 1, 2)).toBe(9);
		expect(cellAt(grid, 4, 0)).toBeUndefined();
		expect(describeCell(picture([3, 4], 3, 4), 9)).toBe("row 2, column 1\n0.009");
	});

	it("of kernels have gaps, and a blank after the last", () => {
		const conv = picture([5, 1, 2, 2], 6, 4, { tile_rows: 2, tile_columns: 2 });
		const grid = cellGrid(conv);
		expect([grid.width, grid.height]).toEqual([5, 8]);
		expect(cellAt(grid, 2, 0)).toBeUndefined();
		expect(cellAt(grid, 3, 0)).toBe(2);
		expect(cellAt(grid, 0, 3)).toBe(8);
		expect(cellAt(grid, 1, 7)).toBe(21);
		expect(cellAt(grid, 3, 6)).toBeUndefined();
		expect(describeCell(conv, 21)).toContain("filter 4 [1, 1]");
	});

	it("of a single kernel are all there", () => {
		const grid = cellGrid(picture([1, 1, 3, 3], 3, 3, { tile_rows: 3, tile_columns: 3 }));
		expect(cellAt(grid, 2, 2)).toBe(8);
	});

	it("name filter and channel in a grid of both", () => {
		const conv = picture([2, 3, 1, 2], 2, 6, { tile_rows: 1, tile_columns: 2 });
		expect(describeCell(conv, 6 + 3)).toContain("filter 1, channel 1 [0, 1]");
	});

	it("of a wrapped vector end with its last value", () => {
		const vector = picture([5], 2, 3);
		const grid = cellGrid(vector);
		expect(cellAt(grid, 1, 1)).toBe(4);
		expect(cellAt(grid, 2, 1)).toBeUndefined();
		expect(describeCell(vector, 4)).toContain("4\n");
	});

	it("that stand for many weights say which", () => {
		const reduced = picture([10, 9], 5, 3, { reduced: 6 });
		expect(describeCell(reduced, 4)).toBe("row 2–3, column 3–5\n0.004, strongest of 6");
	});

	it("that are not finite say so", () => {
		const broken = picture([1, 2], 1, 2, { cells: Int16Array.of(-32768, 5) });
		expect(cellValue(broken, 0)).toBeNaN();
		expect(describeCell(broken, 0)).toContain("not finite");
		expect(magnitudeWithin(broken, 1)).toBeCloseTo(0.005);
	});
});

it("the range of the colours can leave outliers out", () => {
	const cells = Int16Array.from({ length: 1000 }, (_, i) => (i === 0 ? -30000 : 100));
	const one = picture([10, 100], 10, 100, { cells });
	expect(magnitudeWithin(one, 1)).toBeCloseTo(30);
	expect(magnitudeWithin(one, 0.995)).toBeCloseTo(0.1);
});

describe("colours", () => {
	const theme = (isDark: boolean) => ({ isDark, surface: "" }) as Theme;
	const at = (colors: Uint8ClampedArray, index: number) => [
		...colors.slice(index * 4, index * 4 + 3),
	];

	it.each([
		[false, [255, 255, 255]],
		[true, [22, 24, 29]],
	])("zero has the colour of the surface, dark: %s", (isDark, surface) => {
		const { colors } = colormap("sign", theme(isDark));
		expect(at(colors, colorIndex(0, 1, "sign"))).toEqual(surface);
		const magnitudes = colormap("magnitude", theme(isDark));
		expect(at(magnitudes.colors, colorIndex(0, 1, "magnitude"))).toEqual(surface);
	});

	it("negative is blue and positive is red", () => {
		const { colors } = colormap("sign", theme(false));
		const [red = 0, , blue = 0] = at(colors, colorIndex(-0.6, 1, "sign"));
		expect(blue).toBeGreaterThan(red);
		const [otherRed = 0, , otherBlue = 0] = at(colors, colorIndex(0.6, 1, "sign"));
		expect(otherRed).toBeGreaterThan(otherBlue);
	});

	it("indices stay inside the table", () => {
		for (const value of [-9, -1, 0, 1, 9]) {
			expect(colorIndex(value, 1, "sign")).toBeGreaterThan(0);
			expect(colorIndex(value, 1, "sign")).toBeLessThan(256);
		}
		expect(colorIndex(Number.NaN, 1, "sign")).toBe(0);
		expect(colorIndex(0.5, 0, "sign")).toBe(128);
	});
});
