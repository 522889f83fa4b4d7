import { expect, test } from "vitest";
import { describeBin } from "../../src/charts/histogram-chart";
import {
	binAt,
	density,
	type HistogramColumn,
	mergeColumns,
	readColumns,
	shadesOf,
	valueRange,
} from "../../src/charts/histogram-course";
import { doubles } from "../../src/session/buffers";
import { fixture } from "../fixtures";

function read(): HistogramColumn[] {
	const { message, buffers } = fixture("histograms_sent");
	return readColumns(message.histograms, doubles(buffers[0]));
}

function column(step: number): HistogramColumn {
	const [first] = read();
	return { ...(first as HistogramColumn), step };
}

test("each histogram of a buffer keeps its own bins", () => {
	const [first, second] = read();
	expect([...(first?.counts ?? [])]).toEqual([2, 4]);
	expect([...(first?.edges ?? [])]).toEqual([-1, 0, 1]);
	expect([...(second?.counts ?? [])]).toEqual([1, 2, 3]);
	expect(valueRange(read())).toEqual({ min: -1, max: 2 });
});

test("a bin holds its lower edge, the last one its upper edge too", () => {
	const one = column(1);
	expect([-1.1, -1, -0.5, 0, 1, 1.1].map((value) => binAt(one, value))).toEqual([
		-1, 0, 0, 1, 1, -1,
	]);
});

test("densities of bins of other widths compare", () => {
	const wide: HistogramColumn = {
		...column(1),
		counts: Float64Array.of(3, 3),
		edges: Float64Array.of(0, 1, 4),
	};
	expect(density(wide, 0, 4)).toBeCloseTo(2);
	expect(density(wide, 1, 4)).toBeCloseTo(2 / 3);
});

test("a narrow column does not pale a wide one", () => {
	const wide: HistogramColumn = {
		...column(2),
		counts: new Float64Array(100).fill(0.06),
		edges: Float64Array.from({ length: 101 }, (_, i) => i),
	};
	const [narrow = [], other = []] = shadesOf([column(1), wide], 100);
	expect(Math.max(...narrow)).toBeCloseTo(1);
	expect(Math.max(...other)).toBeGreaterThan(0.6);
});

test("newer columns follow those held; a step that comes again is not doubled", () => {
	const merged = mergeColumns([column(1), column(2)], [column(2), column(3)]);
	expect(merged.map(({ step }) => step)).toEqual([1, 2, 3]);
});

test("of a long course the first and the newest column stay", () => {
	const merged = mergeColumns(
		[],
		Array.from({ length: 320 }, (_, i) => column(i + 1)),
	);
	expect(merged).toHaveLength(200);
	expect([merged[0]?.step, merged.at(-1)?.step]).toEqual([1, 320]);
});

test("a bin is told by its range, its count and its step", () => {
	expect(describeBin(column(1200), 1)).toBe("0 to 1\n4 values, step 1,200");
	expect(describeBin(column(5), -1)).toBe("no values here\nstep 5");
});
