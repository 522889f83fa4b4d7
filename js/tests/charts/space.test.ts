// Points and triangles in an array of pixels: which is in front, what is under the pointer.
import { expect, test } from "vitest";
import { Camera } from "../../src/charts/space/camera";
import {
	CATEGORY_COLOURS,
	categoryColour,
	lookTable,
	pixelOf,
} from "../../src/charts/space/colours";
import {
	type Cloud,
	drawPoints,
	type Frame,
	HIDDEN,
	nearestPoint,
	OFF_SCREEN,
	pointsInside,
	type Screen,
	SHADES,
} from "../../src/charts/space/points";
import { drawTriangles } from "../../src/charts/space/triangles";

const SURFACE = [255, 255, 255] as const;
const RED = [255, 0, 0] as const;
const BLUE = [0, 0, 255] as const;

function frame(width = 100, height = 100): Frame {
	const pixels = new Uint32Array(width * height);
	return { width, height, pixels, depth: new Float32Array(width * height) };
}

function screen(count: number): Screen {
	return { x: new Int16Array(count), y: new Int16Array(count) };
}

function cloud(positions: number[], looks: number[], dims: 2 | 3 = 3): Cloud {
	return {
		positions: Float32Array.from(positions),
		dims,
		looks: Uint16Array.from(looks),
		hasDim: looks.some((look) => look !== HIDDEN && look % 2 === 1),
		table: lookTable([RED, BLUE], SURFACE),
	};
}

/** Looks straight at the x and y axes; nearer points have a larger z. */
const FRONT = Float64Array.of(100, 0, 0, 50, 0, -100, 0, 50, 0, 0, 1, 0);
const at = (of: Frame, x: number, y: number) => of.pixels[y * of.width + x];
const colours = (of: Frame) => new Set(of.pixels.filter((pixel) => pixel !== 0));

test.each([
	[0.2, -0.2],
	[-0.2, 0.2],
])("the nearer of two points is in front, whichever comes first (%d, %d)", (first, second) => {
	const drawn = frame();
	const seen = screen(2);
	drawPoints(cloud([0, 0, first, 0, 0, second], [0, 2]), FRONT, 3, drawn, seen);
	const [r = 0, , b = 0] = new Uint8Array(Uint32Array.of(at(drawn, 50, 50) ?? 0).buffer);
	expect(r > b).toBe(first > second);
	expect([...seen.x, ...seen.y]).toEqual([50, 50, 50, 50]);
});

test("hidden points, those without a place and those outside are not drawn nor found", () => {
	const drawn = frame();
	const seen = screen(4);
	const positions = [0, 0, Number.NaN, Number.NaN, 3, 0, 0.25, 0.25];
	drawPoints(cloud(positions, [HIDDEN, 0, 0, 0], 2), FRONT, 1, drawn, seen);
	expect([...seen.x]).toEqual([OFF_SCREEN, OFF_SCREEN, OFF_SCREEN, 75]);
	expect(drawn.pixels.filter((pixel) => pixel !== 0)).toHaveLength(1);
	expect(at(drawn, 75, 25)).toBe(pixelOf(RED));
	expect(nearestPoint(seen, { x: 50, y: 50 }, 9)).toBe(-1);
	expect(nearestPoint(seen, { x: 71, y: 28 }, 9)).toBe(3);
});

test.each([2, 3] as const)("dim points are behind the others in %d dimensions", (dims) => {
	const drawn = frame();
	const place = dims === 2 ? [0, 0] : [0, 0, 0.3];
	const behind = dims === 2 ? [0, 0] : [0, 0, -0.3];
	drawPoints(cloud([...behind, ...place], [2, 1], dims), FRONT, 1, drawn, screen(2));
	const [r = 0, , b = 0] = new Uint8Array(Uint32Array.of(at(drawn, 50, 50) ?? 0).buffer);
	expect(b).toBeGreaterThan(r);
});

test("a lasso finds the points inside of it, also of a path with a dent", () => {
	const seen = { x: Int16Array.of(10, 50, 90), y: Int16Array.of(50, 50, 50) };
	const dented = [0, 0, 100, 0, 100, 100, 50, 20, 0, 100];
	expect([...pointsInside(seen, dented)]).toEqual([0, 2]);
});

test("a zoom keeps what is under the pointer, and a turn keeps lengths", () => {
	const camera = new Camera(true);
	const place = (x: number, y: number) => {
		const [a = 0, b = 0, , c = 0, d = 0, e = 0, , f = 0] = camera.matrix(400, 200);
		return [a * x + b * y + c, d * x + e * y + f];
	};
	const before = place(0.25, 0.25);
	camera.zoomBy(3, (before[0] ?? 0) - 200, (before[1] ?? 0) - 100, 200);
	expect(place(0.25, 0.25)[0]).toBeCloseTo(before[0] ?? 0);
	expect(place(0.25, 0.25)[1]).toBeCloseTo(before[1] ?? 0);
	const turned = new Camera(false);
	for (let i = 0; i < 50; i += 1) turned.rotate(0.3, -0.2);
	const rows = turned.matrix(100, 100);
	expect(Math.hypot(...rows.subarray(8, 11))).toBeCloseTo(1);
});

test("categories have colours of their own", () => {
	const all = new Set(Array.from({ length: CATEGORY_COLOURS }, (_, i) => categoryColour(i).join()));
	expect(all.size).toBe(CATEGORY_COLOURS);
	expect(lookTable([RED, BLUE], SURFACE)).toHaveLength(2 * 2 * SHADES);
});

test("triangles cover each other by depth, and are lit from where they are looked at", () => {
	const drawn = frame();
	const square = (z: number) => [-0.4, -0.4, z, 0.4, -0.4, z, 0.4, 0.4, z, -0.4, 0.4, z];
	const positions = Float32Array.from([...square(-0.2), ...square(0.2)]);
	const faces = Uint32Array.of(0, 1, 2, 0, 2, 3, 4, 5, 6, 4, 6, 7);
	const red = [255, 0, 0];
	const blue = [0, 0, 255];
	const colours8 = Uint8Array.from([...Array(4).fill(red).flat(), ...Array(4).fill(blue).flat()]);
	const shadow = [0, 0, 0] as const;
	drawTriangles({ positions, faces, colours: colours8, plain: RED, shadow }, FRONT, drawn);
	expect(at(drawn, 50, 50)).toBe(pixelOf(BLUE));
	expect(colours(drawn)).toEqual(new Set([pixelOf(BLUE)]));
	expect(at(drawn, 2, 2)).toBe(0);
	// Turned away by 60 degrees a triangle is darker, and none of its pixels is left out.
	const turned = frame();
	const [c, s] = [0.5, Math.sqrt(0.75)];
	const aside = Float64Array.of(100 * c, 0, 100 * s, 50, 0, -100, 0, 50, -s, 0, c, 0);
	const front = positions.subarray(12);
	drawTriangles(
		{ positions: front, faces: faces.subarray(0, 6), colours: undefined, plain: BLUE, shadow },
		aside,
		turned,
	);
	const [pixel = 0] = colours(turned);
	expect(new Uint8Array(Uint32Array.of(pixel).buffer)[2]).toBe(Math.round(255 * 0.65));
	const row = turned.pixels.subarray(50 * 100, 51 * 100);
	const covered = [...row].flatMap((one, x) => (one === 0 ? [] : [x]));
	expect(covered.length).toBe((covered.at(-1) ?? 0) - (covered[0] ?? 0) + 1);
});
