// Draws triangles into an array of pixels, the nearer ones in front, lit from where they are looked at.
import type { Matrix } from "./camera";
import { mix, pixelOf, type Rgb } from "./colours";
import type { Frame } from "./points";

export interface Triangles {
	/** x, y and z of each vertex, within ±0.5; NaN has no place. */
	readonly positions: Float32Array;
	/** The vertices of each triangle. */
	readonly faces: Uint32Array;
	/** RGB of each vertex, 0 to 255. */
	readonly colours: Uint8Array | undefined;
	/** Of triangles without colours of their own. */
	readonly plain: Rgb;
	/** What those turned away from the light fade to. */
	readonly shadow: Rgb;
}

const LEAST_LIGHT = 0.3;

export function drawTriangles(
	{ positions, faces, colours, plain, shadow }: Triangles,
	matrix: Matrix,
	frame: Frame,
): void {
	frame.depth.fill(Number.NEGATIVE_INFINITY);
	const seen = project(positions, matrix);
	for (let i = 0; i < faces.length; i += 3) {
		const [a = 0, b = 0, c = 0] = [faces[i], faces[i + 1], faces[i + 2]];
		const light = lightOf(positions, matrix, a, b, c);
		// A vertex without a place leaves its triangles out.
		if (Number.isNaN(light)) continue;
		const own: Rgb = colours
			? [meanOf(colours, a, b, c, 0), meanOf(colours, a, b, c, 1), meanOf(colours, a, b, c, 2)]
			: plain;
		const pixel = pixelOf(mix(shadow, own, LEAST_LIGHT + (1 - LEAST_LIGHT) * light));
		fill(seen, a, b, c, pixel, frame);
	}
}

/** x and y in pixels and the depth of each vertex. */
function project(positions: Float32Array, matrix: Matrix): Float32Array {
	const seen = new Float32Array(positions.length);
	for (let i = 0; i < positions.length; i += 3) {
		const [x = 0, y = 0, z = 0] = [positions[i], positions[i + 1], positions[i + 2]];
		for (let row = 0; row < 3; row += 1) {
			const at = 4 * row;
			seen[i + row] =
				(matrix[at] ?? 0) * x +
				(matrix[at + 1] ?? 0) * y +
				(matrix[at + 2] ?? 0) * z +
				(matrix[at + 3] ?? 0);
		}
	}
	return seen;
}

/** How much a triangle faces the viewer, from either side, 0 to 1. */
function lightOf(positions: Float32Array, matrix: Matrix, a: number, b: number, c: number): number {
	const at = (vertex: number, axis: number) => positions[3 * vertex + axis] ?? Number.NaN;
	const [ux, uy, uz] = [at(b, 0) - at(a, 0), at(b, 1) - at(a, 1), at(b, 2) - at(a, 2)];
	const [vx, vy, vz] = [at(c, 0) - at(a, 0), at(c, 1) - at(a, 1), at(c, 2) - at(a, 2)];
	const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
	const length = Math.hypot(nx, ny, nz);
	const towards = (matrix[8] ?? 0) * nx + (matrix[9] ?? 0) * ny + (matrix[10] ?? 0) * nz;
	return length === 0 ? 0 : Math.abs(towards) / length;
}

function meanOf(colours: Uint8Array, a: number, b: number, c: number, channel: number): number {
	const at = (vertex: number) => colours[3 * vertex + channel] ?? 0;
	return (at(a) + at(b) + at(c)) / 3;
}

function fill(
	seen: Float32Array,
	a: number,
	b: number,
	c: number,
	pixel: number,
	{ width, height, pixels, depth }: Frame,
): void {
	const [ax, ay, az] = seen.subarray(3 * a, 3 * a + 3) as unknown as [number, number, number];
	const [bx, by, bz] = seen.subarray(3 * b, 3 * b + 3) as unknown as [number, number, number];
	const [cx, cy, cz] = seen.subarray(3 * c, 3 * c + 3) as unknown as [number, number, number];
	const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
	if (!(Math.abs(area) > 1e-9)) return;
	const left = Math.max(0, Math.floor(Math.min(ax, bx, cx)));
	const right = Math.min(width - 1, Math.ceil(Math.max(ax, bx, cx)));
	const top = Math.max(0, Math.floor(Math.min(ay, by, cy)));
	const bottom = Math.min(height - 1, Math.ceil(Math.max(ay, by, cy)));
	for (let y = top; y <= bottom; y += 1) {
		for (let x = left; x <= right; x += 1) {
			const [px, py] = [x + 0.5, y + 0.5];
			const wa = ((bx - px) * (cy - py) - (by - py) * (cx - px)) / area;
			const wb = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) / area;
			const wc = 1 - wa - wb;
			// A little over the edges, so that no gap is left between neighbours.
			if (wa < -1e-4 || wb < -1e-4 || wc < -1e-4) continue;
			const z = wa * az + wb * bz + wc * cz;
			const at = y * width + x;
			if (z > (depth[at] as number)) {
				depth[at] = z;
				pixels[at] = pixel;
			}
		}
	}
}
