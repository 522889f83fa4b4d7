// Lines of equal height over a grid, cell by cell.
import type { Grid } from "../spec";

/** Where a height crosses the grid, as x, y, x, y of each piece, in columns and rows. */
export function contourPieces({ rows, columns, values }: Grid, height: number): number[] {
	const pieces: number[] = [];
	for (let row = 0; row + 1 < rows; row += 1) {
		for (let column = 0; column + 1 < columns; column += 1) {
			const at = row * columns + column;
			const [a = 0, b = 0] = [values[at], values[at + 1]];
			const [d = 0, c = 0] = [values[at + columns], values[at + columns + 1]];
			addCell(pieces, [a, b, c, d], row, column, height);
		}
	}
	return pieces;
}

type Corners = readonly [number, number, number, number]; // from the first one around the cell

function addCell(pieces: number[], corners: Corners, row: number, column: number, height: number) {
	const crossings: [number, number][] = [];
	for (let i = 0; i < 4; i += 1) {
		const [from, to] = [corners[i] ?? 0, corners[(i + 1) % 4] ?? 0];
		// What is not a number is crossed by nothing.
		if (!(from < height !== to < height) || Number.isNaN(from + to)) continue;
		const share = (height - from) / (to - from);
		const along: [number, number][] = [
			[column + share, row],
			[column + 1, row + share],
			[column + 1 - share, row + 1],
			[column, row + 1 - share],
		];
		crossings.push(along[i] ?? [0, 0]);
	}
	if (crossings.length === 4) {
		// A saddle: its middle tells which corners are joined.
		const middle = (corners[0] + corners[1] + corners[2] + corners[3]) / 4;
		if (middle < height === corners[0] < height)
			crossings.push(crossings.shift() as [number, number]);
	}
	for (let i = 0; i + 1 < crossings.length; i += 2) {
		pieces.push(...(crossings[i] ?? []), ...(crossings[i + 1] ?? []));
	}
}

/** About `wanted` round heights between two values. */
export function levelsBetween(low: number, high: number, wanted: number): number[] {
	if (!(high > low)) return [];
	const step = (high - low) / (wanted + 1);
	return Array.from({ length: wanted }, (_, i) => low + (i + 1) * step);
}
