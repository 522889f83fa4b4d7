// Which classes the picture of a matrix shows: a square of them, from one class to another.

/** Classes in sight, along both sides. */
export interface Span {
	readonly row: number;
	readonly column: number;
	readonly count: number;
}

const LEAST = 4;

export function whole(size: number): Span {
	return { row: 0, column: 0, count: size };
}

/** A span of another size, with the class under a point (0 to 1 along each side) where it was. */
export function zoomed(span: Span, size: number, factor: number, x: number, y: number): Span {
	const least = Math.min(LEAST, size);
	let count = Math.round(span.count / factor);
	if (count === span.count && factor !== 1) count += factor > 1 ? -1 : 1;
	count = Math.min(size, Math.max(least, count));
	return inside(
		{
			row: Math.round(span.row + y * (span.count - count)),
			column: Math.round(span.column + x * (span.count - count)),
			count,
		},
		size,
	);
}

/** A span moved by classes, never beyond the matrix. */
export function moved(span: Span, size: number, rows: number, columns: number): Span {
	return inside({ ...span, row: span.row + rows, column: span.column + columns }, size);
}

/** The span in which a cell is in sight. */
export function around(span: Span, size: number, row: number, column: number): Span {
	const nearest = (start: number, at: number) => Math.min(at, Math.max(start, at - span.count + 1));
	return inside(
		{ ...span, row: nearest(span.row, row), column: nearest(span.column, column) },
		size,
	);
}

function inside({ row, column, count }: Span, size: number): Span {
	const within = (start: number) => Math.min(size - count, Math.max(0, start));
	return { row: within(row), column: within(column), count };
}
