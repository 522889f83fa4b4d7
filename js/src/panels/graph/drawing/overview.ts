// The whole graph on a canvas: boxes as plain rectangles, edges only where they can be distinguished.
// For the minimap, and for views with more boxes than a page can hold as elements.

import type { Theme } from "../../../ui/theme";
import { AUTOGRAD_COLOURS } from "./autograd";
import { familyOf } from "./box-text";
import type { Scene, SceneBox } from "./scene";

export interface View {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

/** A box's own colour as a CSS value, undefined for that of what it does. */
export type ColourOf = (box: SceneBox) => string | undefined;

const FAMILIES = [
	"conv",
	"recurrent",
	"activation",
	"attention",
	"linear",
	"norm",
	"pooling",
	"embedding",
];
/** Lines are drawn while a box is at least so many pixels high. */
const LINES_FROM = 2;

/** Paints the part `view` of a scene over a canvas of `width` × `height` pixels of the page. */
export function paint(
	canvas: HTMLCanvasElement,
	scene: Scene,
	view: View,
	size: { width: number; height: number },
	theme: Theme,
	colourOf: ColourOf,
): void {
	const ratio = globalThis.devicePixelRatio || 1;
	canvas.width = Math.max(1, Math.round(size.width * ratio));
	canvas.height = Math.max(1, Math.round(size.height * ratio));
	canvas.style.width = `${size.width}px`;
	canvas.style.height = `${size.height}px`;
	const context = canvas.getContext("2d");
	if (!context) return;
	const scale = (size.width / view.width) * ratio;
	context.setTransform(scale, 0, 0, scale, -view.x * scale, -view.y * scale);
	const least = 1 / scale;
	const inView = (x: number, y: number, width: number, height: number) =>
		x < view.x + view.width &&
		x + width > view.x &&
		y < view.y + view.height &&
		y + height > view.y;
	const draw = (box: SceneBox, colour: string) => {
		context.fillStyle = colour;
		context.fillRect(box.x, box.y, Math.max(least, box.width), Math.max(least, box.height));
	};
	for (const box of scene.boxes) {
		if (!box.open || !inView(box.x, box.y, box.width, box.height)) continue;
		draw(box, theme.sunken);
		context.strokeStyle = theme.border;
		context.lineWidth = least;
		context.strokeRect(box.x, box.y, box.width, box.height);
	}
	if (24 * scale > LINES_FROM * ratio && size.height > 200) {
		context.strokeStyle = theme.border;
		context.lineWidth = Math.max(least, 1.3);
		context.beginPath();
		for (const { points } of scene.edges) {
			const [first, last] = [points[0], points[points.length - 1]];
			if (!first || !last) continue;
			const [x, y] = [Math.min(first[0], last[0]), Math.min(first[1], last[1])];
			const [width, height] = [Math.abs(first[0] - last[0]), Math.abs(first[1] - last[1])];
			if (!inView(x - 1, y - 1, width + 2, height + 2)) continue;
			context.moveTo(first[0], first[1]);
			for (const [px, py] of points.slice(1)) context.lineTo(px, py);
		}
		context.stroke();
	}
	for (const box of scene.boxes) {
		if (box.open || !inView(box.x, box.y, box.width, box.height)) continue;
		draw(box, colourOf(box) ?? familyColour(box, theme));
	}
}

function familyColour(box: SceneBox, theme: Theme): string {
	if (box.node.autograd) return AUTOGRAD_COLOURS[box.node.autograd];
	const family = familyOf(box.node);
	if (family === "failed") return theme.bad;
	const place = FAMILIES.indexOf(family);
	return theme.series[place] ?? theme.textSoft;
}
