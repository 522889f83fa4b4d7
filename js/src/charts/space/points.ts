// Draws points into an array of pixels, the nearer ones in front: a million of them in a few hundredths
// of a second, without a graphics card.
import type { Matrix } from "./camera";

/** A picture as 32-bit pixels, with the depth of what each shows. */
export interface Frame {
	readonly width: number;
	readonly height: number;
	readonly pixels: Uint32Array;
	readonly depth: Float32Array;
}

/** Shades of each colour, the farthest first. */
export const SHADES = 16;
/** The look of a point that is not drawn. */
export const HIDDEN = 0xffff;
/** Where a point is on the screen that cannot be seen. */
export const OFF_SCREEN = -32768;

export interface Cloud {
	/** x, y and perhaps z of each point, within ±0.5; NaN has no place. */
	readonly positions: Float32Array;
	readonly dims: 2 | 3;
	/** Twice the place of its colour, plus 1 for a dim one; or `HIDDEN`. */
	readonly looks: Uint16Array;
	/** Whether some are dim: these are drawn behind the others. */
	readonly hasDim: boolean;
	/** `SHADES` pixels for each look. */
	readonly table: Uint32Array;
}

/** Where points are in the picture; pixels of it. */
export interface Screen {
	readonly x: Int16Array;
	readonly y: Int16Array;
}

/** Draws the points as squares of `size` pixels, and notes where each is. */
export function drawPoints(
	cloud: Cloud,
	matrix: Matrix,
	size: number,
	frame: Frame,
	screen: Screen,
): void {
	const isFlat = cloud.dims === 2;
	for (const pass of cloud.hasDim ? [1, 0] : [-1]) {
		if (!isFlat) frame.depth.fill(Number.NEGATIVE_INFINITY);
		if (isFlat) drawFlat(cloud, matrix, size, frame, screen, pass);
		else drawDeep(cloud, matrix, size, frame, screen, pass);
	}
}

/** `pass` is 1 for dim points, 0 for the others, -1 for all. */
function drawFlat(
	{ positions, looks, table }: Cloud,
	matrix: Matrix,
	size: number,
	{ width, height, pixels }: Frame,
	screen: Screen,
	pass: number,
): void {
	const [xx = 0, xy = 0, , x0 = 0, yx = 0, yy = 0, , y0 = 0] = matrix;
	const { x: screenX, y: screenY } = screen;
	const half = size >> 1;
	const [lastX, lastY] = [width - size, height - size];
	for (let i = 0, p = 0; i < looks.length; i += 1, p += 2) {
		const look = looks[i] as number;
		if (pass >= 0 && look !== HIDDEN && (look & 1) !== pass) continue;
		const px = positions[p] as number;
		const py = positions[p + 1] as number;
		const x = Math.floor(xx * px + xy * py + x0) - half;
		const y = Math.floor(yx * px + yy * py + y0) - half;
		// What is not a number is never within.
		if (look === HIDDEN || !(x >= 0 && x <= lastX && y >= 0 && y <= lastY)) {
			screenX[i] = OFF_SCREEN;
			continue;
		}
		screenX[i] = x + half;
		screenY[i] = y + half;
		const pixel = table[look * SHADES + SHADES - 1] as number;
		let row = y * width + x;
		for (let dy = 0; dy < size; dy += 1, row += width) {
			for (let at = row; at < row + size; at += 1) pixels[at] = pixel;
		}
	}
}

function drawDeep(
	{ positions, looks, table }: Cloud,
	matrix: Matrix,
	size: number,
	{ width, height, pixels, depth }: Frame,
	screen: Screen,
	pass: number,
): void {
	const [xx = 0, xy = 0, xz = 0, x0 = 0, yx = 0, yy = 0, yz = 0, y0 = 0] = matrix;
	const [zx = 0, zy = 0, zz = 0] = matrix.subarray(8);
	const { x: screenX, y: screenY } = screen;
	const half = size >> 1;
	const [lastX, lastY] = [width - size, height - size];
	for (let i = 0, p = 0; i < looks.length; i += 1, p += 3) {
		const look = looks[i] as number;
		if (pass >= 0 && look !== HIDDEN && (look & 1) !== pass) continue;
		const px = positions[p] as number;
		const py = positions[p + 1] as number;
		const pz = positions[p + 2] as number;
		const x = Math.floor(xx * px + xy * py + xz * pz + x0) - half;
		const y = Math.floor(yx * px + yy * py + yz * pz + y0) - half;
		if (look === HIDDEN || !(x >= 0 && x <= lastX && y >= 0 && y <= lastY)) {
			screenX[i] = OFF_SCREEN;
			continue;
		}
		screenX[i] = x + half;
		screenY[i] = y + half;
		const z = zx * px + zy * py + zz * pz;
		const shade = Math.max(0, Math.min(SHADES - 1, ((z + 0.75) * (SHADES / 1.5)) | 0));
		const pixel = table[look * SHADES + shade] as number;
		let row = y * width + x;
		for (let dy = 0; dy < size; dy += 1, row += width) {
			for (let at = row; at < row + size; at += 1) {
				if (z > (depth[at] as number)) {
					depth[at] = z;
					pixels[at] = pixel;
				}
			}
		}
	}
}

/** The drawn point nearest to a place within `reach` pixels; -1 if there is none. */
export function nearestPoint(
	{ x, y }: Screen,
	at: { x: number; y: number },
	reach: number,
): number {
	let found = -1;
	let least = reach * reach;
	for (let i = 0; i < x.length; i += 1) {
		const dx = (x[i] as number) - at.x;
		if (dx > reach || dx < -reach) continue;
		const dy = (y[i] as number) - at.y;
		const distance = dx * dx + dy * dy;
		if (distance < least) {
			least = distance;
			found = i;
		}
	}
	return found;
}

/** The drawn points inside of a closed path, given as x, y, x, y … in pixels. */
export function pointsInside({ x, y }: Screen, path: readonly number[]): Uint32Array {
	const found: number[] = [];
	let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
	for (let i = 0; i < path.length; i += 2) {
		left = Math.min(left, path[i] as number);
		right = Math.max(right, path[i] as number);
		top = Math.min(top, path[i + 1] as number);
		bottom = Math.max(bottom, path[i + 1] as number);
	}
	for (let i = 0; i < x.length; i += 1) {
		const [px, py] = [x[i] as number, y[i] as number];
		if (px < left || px > right || py < top || py > bottom) continue;
		if (isInside(path, px, py)) found.push(i);
	}
	return Uint32Array.from(found);
}

function isInside(path: readonly number[], x: number, y: number): boolean {
	let inside = false;
	for (let i = 0, j = path.length - 2; i < path.length; j = i, i += 2) {
		const [ax = 0, ay = 0] = [path[i], path[i + 1]];
		const [bx = 0, by = 0] = [path[j], path[j + 1]];
		if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
	}
	return inside;
}
