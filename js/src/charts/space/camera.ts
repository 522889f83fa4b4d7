// How things in space are looked at: turned, moved and zoomed. Things lie within ±0.5 of the middle.

const LEAST_ZOOM = 0.2;
const MOST_ZOOM = 400;
/** Of the shorter side of the picture, what things without a turn take. */
const FILLED = 0.88;

/** Rows of a 3 × 4 matrix: right, down and towards the viewer, from x, y, z and 1. */
export type Matrix = Float64Array;

export class Camera {
	/** Rows: right, up and towards the viewer; what is orthogonal to both follows. */
	private turn = identity();
	private zoom = 1;
	/** The middle of things, in shares of the shorter side from the middle of the picture. */
	private x = 0;
	private y = 0;

	constructor(private isFlat: boolean) {
		this.reset(isFlat);
	}

	reset(isFlat = this.isFlat): void {
		this.isFlat = isFlat;
		this.zoom = 1;
		this.x = 0;
		this.y = 0;
		this.turn = identity();
		if (isFlat) return;
		this.rotate(0.6, 0.35);
	}

	/** Turns about the picture's upright and level axes, in radians. */
	rotate(across: number, down: number): void {
		if (this.isFlat) return;
		const [c, s, d, t] = [Math.cos(across), Math.sin(across), Math.cos(down), Math.sin(down)];
		this.turn = times([1, 0, 0, 0, d, -t, 0, t, d], times([c, 0, s, 0, 1, 0, -s, 0, c], this.turn));
	}

	/** Moves by CSS pixels of a picture whose shorter side has `side` of them. */
	move(x: number, y: number, side: number): void {
		this.x += x / side;
		this.y += y / side;
	}

	/** Zooms about a place, in CSS pixels from the middle of the picture. */
	zoomBy(factor: number, x: number, y: number, side: number): void {
		const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, this.zoom * factor));
		const by = zoom / this.zoom;
		this.x = x / side + (this.x - x / side) * by;
		this.y = y / side + (this.y - y / side) * by;
		this.zoom = zoom;
	}

	/** To pixels of a picture; the depth is ±0.9 at most, nearer is larger. */
	matrix(width: number, height: number): Matrix {
		const side = Math.min(width, height);
		const scale = side * FILLED * this.zoom * (this.isFlat ? 1 : 0.8);
		const [a, b, c, d, e, f, g, h, i] = this.turn as Nine;
		return Float64Array.of(
			...[a * scale, b * scale, c * scale, width / 2 + this.x * side],
			...[-d * scale, -e * scale, -f * scale, height / 2 + this.y * side],
			...[g, h, i, 0],
		);
	}
}

type Nine = [number, number, number, number, number, number, number, number, number];

function identity(): number[] {
	return [1, 0, 0, 0, 1, 0, 0, 0, 1];
}

function times(one: readonly number[], other: readonly number[]): number[] {
	const at = (of: readonly number[], row: number, column: number) => of[3 * row + column] ?? 0;
	return Array.from({ length: 9 }, (_, place) => {
		const [row, column] = [Math.floor(place / 3), place % 3];
		return (
			at(one, row, 0) * at(other, 0, column) +
			at(one, row, 1) * at(other, 1, column) +
			at(one, row, 2) * at(other, 2, column)
		);
	});
}
