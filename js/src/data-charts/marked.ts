// What a choice marks on a page without a kernel, where nothing else answers: as nbviz/charts/drawn.py does.
import { bytesOf, type ChartData, type Choice } from "./data";

/** Returns the marked elements after a choice: cells as [row, column], or the places of drawn rows. */
export function markedAfter(
	data: ChartData,
	choice: Choice,
	marked: readonly unknown[],
): readonly unknown[] {
	if (choice.kind === "cells" && data.chart === "cells") return markedCells(choice, marked);
	if (choice.kind === "box" && data.chart === "arrows") {
		const [low, high, below, above] = choice.box;
		const values = new Float64Array(bytesOf(data.arrows));
		const count = values.length / 4;
		const value = (part: number, at: number) => values[part * count + at] ?? Number.NaN;
		return places(count, (at) => {
			const [x, y] = [value(0, at), value(1, at)];
			return x >= low && x <= high && y >= below && y <= above;
		});
	}
	if (choice.kind === "ranges" && data.chart === "parallel" && choice.ranges.length > 0) {
		const limits = choice.ranges.flatMap(([axis, low, high]) => {
			const values = new Float64Array(bytesOf(data.axes[axis]?.values ?? ""));
			return values.length > 0 ? [{ values, low, high }] : [];
		});
		const count = limits[0]?.values.length ?? 0;
		return places(count, (at) =>
			limits.every(({ values, low, high }) => {
				const value = values[at] ?? Number.NaN;
				return value >= low && value <= high;
			}),
		);
	}
	return [];
}

function places(count: number, holds: (at: number) => boolean): number[] {
	return Array.from({ length: count }, (_, at) => at).filter(holds);
}

function markedCells(
	{ from, to, add }: Extract<Choice, { kind: "cells" }>,
	marked: readonly unknown[],
): readonly unknown[] {
	const within: string[] = [];
	for (let row = Math.min(from[0], to[0]); row <= Math.max(from[0], to[0]); row += 1)
		for (let column = Math.min(from[1], to[1]); column <= Math.max(from[1], to[1]); column += 1)
			within.push(`${row},${column}`);
	if (!add) return within;
	const before = new Set(marked.map(String));
	if (!within.every((cell) => before.has(cell))) return [...new Set([...before, ...within])];
	return [...before].filter((cell) => !within.includes(cell));
}
