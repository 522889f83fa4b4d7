// Draws a plot of the plane: axes, then what is in it.
import type { Theme } from "../../ui/theme";
import { field, type Layout, titleOf } from "../spec";
import { shortTex } from "../tex";
import { type XLabels, xLabels, yLabels } from "./axis-labels";
import { colourAt, colourTable, css, parseColour } from "./colours";
import { contourPieces, levelsBetween } from "./contours";
import { addMarker } from "./markers";
import { rangeOf, Scale, type Tick } from "./scale";
import type { BarSeries, BoxSeries, GridSeries, PlaneModel, PointSeries, Series } from "./series";

/** Where what is drawn stands, in CSS pixels. */
export interface Area {
	readonly left: number;
	readonly top: number;
	readonly right: number;
	readonly bottom: number;
}

export interface Placed {
	readonly area: Area;
	readonly x: Scale;
	readonly y: Scale;
	readonly second: Scale | undefined;
	readonly xLabels: XLabels;
}

/** What the reader has zoomed to. */
export interface Zoom {
	readonly x: { readonly min: number; readonly max: number };
	readonly y: { readonly min: number; readonly max: number };
}

const TICK = 11; // CSS pixels of text
const SCALE_WIDTH = 12; // of a colour scale
const CONTOURS = 12;
/** What series beyond the theme's colours are mixed with, and by how much. */
const MIXES = [
	[0, 0.4],
	[255, 0.45],
] as const;
const DASHES: Readonly<Record<string, readonly number[]>> = {
	dash: [7, 4],
	dot: [2, 3],
	dashdot: [7, 3, 2, 3],
	longdash: [11, 5],
	longdashdot: [11, 4, 2, 4],
};

/** The colour of the series at a place, unless its trace says another one; further ones are darker, then lighter. */
export function seriesColour(theme: Theme, place: number): string {
	const { length } = theme.series;
	const colour = theme.series[place % length] ?? theme.accent;
	const round = Math.floor(place / Math.max(1, length)) % (MIXES.length + 1);
	const [to, share] = MIXES[round - 1] ?? [0, 0];
	const parts = parseColour(colour);
	if (share === 0 || !parts) return colour;
	const [r, g, b] = parts.map((part) => Math.round(part + (to - part) * share));
	return css([r ?? 0, g ?? 0, b ?? 0]);
}

/** Finds where everything stands in so many CSS pixels. */
export function place(
	context: CanvasRenderingContext2D,
	model: PlaneModel,
	layout: Layout,
	{ width, height }: { width: number; height: number },
	font: string,
	zoom?: Zoom,
): Placed {
	context.font = `${TICK}px ${font}`;
	const { isTight, hasZero, isLogX, isLogY } = model;
	const loose = { isTight, hasZero: false };
	const x = new Scale(
		zoom?.x ?? rangeOf(layout.xaxis, model.x, { ...loose, isLog: isLogX }),
		isLogX,
		model.xNames,
	);
	const y = new Scale(
		zoom?.y ?? rangeOf(layout.yaxis, model.y, { isTight, hasZero, isLog: isLogY }),
		isLogY,
		model.yNames,
	);
	const second =
		model.second &&
		new Scale(rangeOf(layout.yaxis2, model.second, { ...loose, isLog: false }), false);
	const widest = (ticks: readonly Tick[]) =>
		Math.max(0, ...ticks.map(({ text }) => context.measureText(text).width));
	const hasGrid = model.series.some((one) => one.kind === "grid");
	const labels = yLabels(context, y.between(height, 0), layout.yaxis, height);
	const left = 12 + widest(labels) + (hasTitle(layout.yaxis) ? 17 : 0);
	const right =
		10 +
		(second ? 6 + widest(second.ticks(layout.yaxis2, height / 42)) : 0) +
		(second && hasTitle(layout.yaxis2) ? 17 : 0) +
		(hasGrid ? SCALE_WIDTH + 44 : 0);
	const to = Math.max(left + 20, width - right);
	const placedX = x.between(left, to);
	const named = xLabels(context, placedX, layout.xaxis, to - left);
	const below = 22 + named.deeper + (hasTitle(layout.xaxis) ? 16 : 0);
	const area = { left, top: 8, right: to, bottom: height - below };
	return {
		area,
		xLabels: named,
		x: placedX,
		y: y.between(area.bottom, area.top),
		second: second?.between(area.bottom, area.top),
	};
}

export function drawPlane(
	context: CanvasRenderingContext2D,
	model: PlaneModel,
	layout: Layout,
	placed: Placed,
	theme: Theme,
	colours: readonly string[],
): void {
	const { area } = placed;
	context.lineJoin = "round";
	const isOverGrid = model.series.some((one) => one.kind === "grid" && !one.isContour);
	drawAxes(context, layout, placed, theme, !isOverGrid);
	context.save();
	context.beginPath();
	context.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
	context.clip();
	for (const [i, one] of model.series.entries()) {
		const colour = "colour" in one && one.colour ? one.colour : (colours[i] ?? theme.accent);
		drawSeries(context, one, placed, theme, colour, before(model.series, i));
	}
	context.restore();
	const grid = model.series.find((one) => one.kind === "grid");
	if (grid?.kind === "grid") drawColourScale(context, grid, area, theme);
}

/** The points that the area under a line reaches down to. */
function before(series: readonly Series[], i: number): PointSeries | undefined {
	const one = series[i - 1];
	return one?.kind === "points" ? one : undefined;
}

function hasTitle(axis: unknown): boolean {
	return titleOf(field(axis, "title")) !== "";
}

function drawAxes(
	context: CanvasRenderingContext2D,
	layout: Layout,
	{ area, x, y, second, xLabels: below }: Placed,
	theme: Theme,
	hasRules: boolean,
): void {
	const { left, top, right, bottom } = area;
	context.font = `${TICK}px ${theme.font}`;
	context.lineWidth = 1;
	context.strokeStyle = theme.grid;
	context.fillStyle = theme.textSoft;
	const rule = (ax: number, ay: number, bx: number, by: number) => {
		context.beginPath();
		context.moveTo(Math.round(ax) + 0.5, Math.round(ay) + 0.5);
		context.lineTo(Math.round(bx) + 0.5, Math.round(by) + 0.5);
		context.stroke();
	};
	const tickColour = (axis: unknown) => {
		const own = field(field(axis, "tickfont"), "color");
		context.fillStyle = theme.textSoft;
		// Black, as plotly's examples have it, would be lost on a dark page.
		if (typeof own === "string" && own !== "black") context.fillStyle = own;
	};
	context.textAlign = "right";
	context.textBaseline = "middle";
	tickColour(layout.yaxis);
	for (const { value, text } of yLabels(context, y, layout.yaxis, bottom - top)) {
		const at = y.pixel(value);
		if (hasRules) rule(left, at, right, at);
		context.fillText(text, left - 6, at);
	}
	if (second) {
		context.textAlign = "left";
		tickColour(layout.yaxis2);
		for (const { value, text } of second.ticks(layout.yaxis2, (bottom - top) / 42)) {
			context.fillText(text, right + 6, second.pixel(value));
		}
	}
	tickColour(layout.xaxis);
	let free = Number.NEGATIVE_INFINITY;
	for (const { value, text } of below.ticks) {
		const at = x.pixel(value);
		if (hasRules) rule(at, top, at, bottom);
		if (below.isTurned) {
			writeTurned(context, text, at, bottom + 6);
			continue;
		}
		context.textAlign = "center";
		context.textBaseline = "top";
		const half = context.measureText(text).width / 2;
		if (at - half < free) continue;
		context.fillText(text, Math.min(at, right + 8 - half), bottom + 6);
		free = at + half + 6;
	}
	context.strokeStyle = theme.border;
	rule(left, bottom, right, bottom);
	const labels = second?.ticks(layout.yaxis2, (bottom - top) / 42) ?? [];
	const reach = Math.max(0, ...labels.map(({ text }) => context.measureText(text).width));
	drawTitles(context, layout, area, theme, below.deeper, second ? right + reach + 10 : undefined);
}

/** Writes a text that ends at a place and rises towards it. */
function writeTurned(context: CanvasRenderingContext2D, text: string, x: number, y: number): void {
	context.save();
	context.translate(x, y);
	context.rotate(-Math.PI / 4);
	context.textAlign = "right";
	context.textBaseline = "middle";
	context.fillText(text, 0, 0);
	context.restore();
}

function drawTitles(
	context: CanvasRenderingContext2D,
	layout: Layout,
	{ left, top, right, bottom }: Area,
	theme: Theme,
	deeper: number,
	second: number | undefined,
): void {
	context.font = `${TICK}px ${theme.font}`;
	context.textAlign = "center";
	const write = (axis: unknown, x: number, y: number, turn: number) => {
		const text = shortTex(titleOf(field(axis, "title")));
		if (!text) return;
		const own = field(field(axis, "titlefont"), "color");
		context.fillStyle = theme.text;
		if (typeof own === "string" && own !== "black") context.fillStyle = own;
		context.save();
		context.translate(x, y);
		context.rotate(turn);
		context.fillText(text, 0, 0);
		context.restore();
	};
	context.textBaseline = "bottom";
	write(layout.xaxis, (left + right) / 2, bottom + 38 + deeper, 0);
	context.textBaseline = "top";
	write(layout.yaxis, 2, (top + bottom) / 2, -Math.PI / 2);
	if (second !== undefined) write(layout.yaxis2, second, (top + bottom) / 2, -Math.PI / 2);
}

function drawSeries(
	context: CanvasRenderingContext2D,
	one: Series,
	placed: Placed,
	theme: Theme,
	colour: string,
	below: PointSeries | undefined,
): void {
	if (one.kind === "points") {
		context.save();
		context.globalAlpha = one.opacity;
		drawPoints(context, one, placed, theme, colour, below);
		context.restore();
	} else if (one.kind === "bars") drawBars(context, one, placed, colour);
	else if (one.kind === "box") drawBox(context, one, placed, theme, colour);
	else if (one.isContour) drawContours(context, one, placed, theme);
	else drawHeatmap(context, one, placed);
}

function drawPoints(
	context: CanvasRenderingContext2D,
	one: PointSeries,
	placed: Placed,
	theme: Theme,
	colour: string,
	below: PointSeries | undefined,
): void {
	const yScale = one.isSecond && placed.second ? placed.second : placed.y;
	const { x: xScale } = placed;
	const at = (i: number): [number, number] => [
		xScale.pixel(one.x[i] ?? Number.NaN),
		yScale.pixel(one.y[i] ?? Number.NaN),
	];
	const count = Math.min(one.x.length, one.y.length);
	if (one.fill && count > 1) {
		context.globalAlpha = 0.35 * one.opacity;
		context.fillStyle = colour;
		context.fill(areaUnder(one, placed, yScale, below));
		context.globalAlpha = one.opacity;
	}
	if (one.hasLine) {
		context.strokeStyle = colour;
		context.lineWidth = one.width;
		context.setLineDash([...(DASHES[one.dash] ?? [])]);
		context.stroke(linePath(one, xScale, yScale));
		context.setLineDash([]);
	}
	if (one.hasMarkers) {
		const size = one.symbol === "dot" ? Math.min(one.size, 8) : one.size;
		for (let i = 0; i < count; i += 1) {
			const [px, py] = at(i);
			if (Number.isNaN(px + py)) continue;
			const path = new Path2D();
			const isFilled = addMarker(path, one.symbol, px, py, size);
			const own = one.colours.length > 1 ? one.colours[i % one.colours.length] : one.colours[0];
			context.fillStyle = own ?? colour;
			context.strokeStyle = isFilled ? theme.surface : (own ?? colour);
			if (isFilled) context.fill(path);
			const border = isFilled ? Math.min(one.border, 1) : 1.4;
			if (border > 0) {
				context.lineWidth = border;
				context.stroke(path);
			}
		}
	}
	if (!one.hasTexts) return;
	context.font = `${TICK}px ${theme.font}`;
	context.fillStyle = theme.text;
	context.textBaseline = "middle";
	for (let i = 0; i < count; i += 1) {
		const [px, py] = at(i);
		const text = one.texts[i];
		if (!text || Number.isNaN(px + py)) continue;
		const isRoomy = px + context.measureText(text).width + 8 < placed.area.right;
		context.textAlign = isRoomy ? "left" : "right";
		context.fillText(text, px + (isRoomy ? 7 : -7), py);
	}
}

/** A line; of many points within a pixel's width their first, lowest, highest and last. */
export function linePath(one: PointSeries, x: Scale, y: Scale): Path2D {
	const path = new Path2D();
	const count = Math.min(one.x.length, one.y.length);
	const isDense = count > 4000;
	let isDown = false;
	let column = Number.NaN;
	let [low, high, last] = [0, 0, 0];
	const leave = () => {
		if (!isDown || Number.isNaN(column)) return;
		path.lineTo(column, low);
		path.lineTo(column, high);
		path.lineTo(column, last);
	};
	for (let i = 0; i < count; i += 1) {
		const px = x.pixel(one.x[i] as number);
		const py = y.pixel(one.y[i] as number);
		if (Number.isNaN(px + py)) {
			if (isDense) leave();
			isDown = false;
			column = Number.NaN;
			continue;
		}
		if (isDense && isDown && Math.round(px) === column) {
			low = Math.min(low, py);
			high = Math.max(high, py);
			last = py;
			continue;
		}
		if (isDense) leave();
		if (isDown) path.lineTo(px, py);
		else path.moveTo(px, py);
		isDown = true;
		column = Math.round(px);
		low = py;
		high = py;
		last = py;
	}
	if (isDense) leave();
	return path;
}

function areaUnder(
	one: PointSeries,
	{ x, area }: Placed,
	y: Scale,
	below: PointSeries | undefined,
): Path2D {
	const path = linePath(one, x, y);
	const foot = one.fill.includes("next") ? below : undefined;
	if (foot) {
		for (let i = foot.x.length - 1; i >= 0; i -= 1) {
			const [px, py] = [x.pixel(foot.x[i] ?? 0), y.pixel(foot.y[i] ?? 0)];
			if (!Number.isNaN(px + py)) path.lineTo(px, py);
		}
		return path;
	}
	const zero = y.isLog ? area.bottom : Math.max(area.top, Math.min(area.bottom, y.pixel(0)));
	path.lineTo(x.pixel(one.x.at(-1) ?? 0), zero);
	path.lineTo(x.pixel(one.x[0] ?? 0), zero);
	return path;
}

function drawBars(
	context: CanvasRenderingContext2D,
	one: BarSeries,
	{ x, y, area }: Placed,
	colour: string,
): void {
	context.fillStyle = colour;
	for (let i = 0; i < one.y.length; i += 1) {
		const [at, height, base] = [one.x[i] ?? 0, one.y[i] ?? 0, one.base[i] ?? 0];
		const left = x.pixel(at + one.from * one.step);
		const right = x.pixel(at + one.to * one.step);
		const foot = y.isLog && base <= 0 ? area.bottom : y.pixel(base);
		const top = y.pixel(base + height);
		if (Number.isNaN(left + right + top)) continue;
		const wide = Math.max(1, right - left - (right - left > 6 ? 1 : 0));
		context.fillRect(left, Math.min(top, foot), wide, Math.abs(foot - top));
	}
}

function drawBox(
	context: CanvasRenderingContext2D,
	{ at, box }: BoxSeries,
	{ x, y }: Placed,
	theme: Theme,
	colour: string,
): void {
	if (Number.isNaN(box.median)) return;
	const [left, middle, right] = [x.pixel(at - 0.28), x.pixel(at), x.pixel(at + 0.28)];
	const [from, lower, median, upper, to] = [box.from, box.lower, box.median, box.upper, box.to].map(
		(value) => y.pixel(value),
	) as [number, number, number, number, number];
	context.strokeStyle = colour;
	context.lineWidth = 1.6;
	const line = (ax: number, ay: number, bx: number, by: number) => {
		context.beginPath();
		context.moveTo(ax, ay);
		context.lineTo(bx, by);
		context.stroke();
	};
	line(middle, lower, middle, from);
	line(middle, upper, middle, to);
	const cap = (right - left) / 4;
	line(middle - cap, from, middle + cap, from);
	line(middle - cap, to, middle + cap, to);
	context.globalAlpha = 0.25;
	context.fillStyle = colour;
	context.fillRect(left, upper, right - left, lower - upper);
	context.globalAlpha = 1;
	context.strokeRect(left, upper, right - left, lower - upper);
	context.lineWidth = 2.4;
	line(left, median, right, median);
	context.fillStyle = colour;
	context.strokeStyle = theme.surface;
	for (const value of box.outside) {
		context.beginPath();
		context.arc(middle, y.pixel(value), 2.5, 0, 2 * Math.PI);
		context.fill();
	}
}

/** The cells of a grid as a picture with a pixel a cell, the first row at the bottom. */
export function gridPixels(one: GridSeries): Uint8ClampedArray {
	const { rows, columns, values } = one.grid;
	const pixels = new Uint8ClampedArray(rows * columns * 4);
	const table = colourTable(one.scale);
	const span = one.high - one.low || 1;
	for (let row = 0; row < rows; row += 1) {
		for (let column = 0; column < columns; column += 1) {
			const value = values[row * columns + column] ?? Number.NaN;
			if (Number.isNaN(value)) continue; // transparent
			const colour = colourAt(table, Math.max(0, Math.min(1, (value - one.low) / span)));
			pixels.set([...colour, 255], ((rows - 1 - row) * columns + column) * 4);
		}
	}
	return pixels;
}

function drawHeatmap(context: CanvasRenderingContext2D, one: GridSeries, { x, y }: Placed): void {
	const { rows, columns } = one.grid;
	const canvas = document.createElement("canvas");
	[canvas.width, canvas.height] = [columns, rows];
	const picture = canvas.getContext("2d");
	if (!picture || rows * columns === 0) return;
	const pixels = gridPixels(one) as Uint8ClampedArray<ArrayBuffer>;
	picture.putImageData(new ImageData(pixels, columns, rows), 0, 0);
	const [left, right] = [x.pixel(-0.5), x.pixel(columns - 0.5)];
	const [bottom, top] = [y.pixel(-0.5), y.pixel(rows - 0.5)];
	if (one.missing) {
		context.fillStyle = one.missing;
		context.fillRect(left, top, right - left, bottom - top);
	}
	context.imageSmoothingEnabled = false;
	context.drawImage(canvas, left, top, right - left, bottom - top);
}

function drawContours(
	context: CanvasRenderingContext2D,
	one: GridSeries,
	placed: Placed,
	theme: Theme,
): void {
	const { x, y, area } = placed;
	const { rows, columns, values } = one.grid;
	const table = colourTable(one.scale);
	const span = one.high - one.low || 1;
	// Areas of equal colour: each pixel has the level of the height between its neighbours.
	const wide = Math.max(1, Math.round(area.right - area.left));
	const tall = Math.max(1, Math.round(area.bottom - area.top));
	const image = new ImageData(wide, tall);
	for (let py = 0; py < tall; py += 1) {
		const row = y.value(area.top + py + 0.5);
		const r = Math.max(0, Math.min(rows - 2, Math.floor(row)));
		for (let px = 0; px < wide; px += 1) {
			const column = x.value(area.left + px + 0.5);
			const c = Math.max(0, Math.min(columns - 2, Math.floor(column)));
			const at = r * columns + c;
			const [fx, fy] = [column - c, row - r];
			const low = (values[at] ?? 0) * (1 - fx) + (values[at + 1] ?? 0) * fx;
			const high = (values[at + columns] ?? 0) * (1 - fx) + (values[at + columns + 1] ?? 0) * fx;
			const share = (low * (1 - fy) + high * fy - one.low) / span;
			if (Number.isNaN(share)) continue;
			const level = Math.max(0, Math.min(CONTOURS, Math.floor(share * (CONTOURS + 1)))) / CONTOURS;
			image.data.set([...colourAt(table, level), 255], (py * wide + px) * 4);
		}
	}
	const canvas = document.createElement("canvas");
	[canvas.width, canvas.height] = [wide, tall];
	canvas.getContext("2d")?.putImageData(image, 0, 0);
	context.drawImage(canvas, area.left, area.top, wide, tall);
	context.strokeStyle = theme.isDark ? "rgb(255 255 255 / 0.45)" : "rgb(0 0 0 / 0.4)";
	context.lineWidth = 0.7;
	for (const level of levelsBetween(one.low, one.high, CONTOURS)) {
		const pieces = contourPieces(one.grid, level);
		context.beginPath();
		for (let i = 0; i < pieces.length; i += 4) {
			context.moveTo(x.pixel(pieces[i] ?? 0), y.pixel(pieces[i + 1] ?? 0));
			context.lineTo(x.pixel(pieces[i + 2] ?? 0), y.pixel(pieces[i + 3] ?? 0));
		}
		context.stroke();
	}
}

export function drawColourScale(
	context: CanvasRenderingContext2D,
	{ scale, low, high }: Pick<GridSeries, "scale" | "low" | "high">,
	{ right, top, bottom }: Area,
	theme: Theme,
): void {
	const left = right + 12;
	const table = colourTable(scale);
	const gradient = context.createLinearGradient(0, bottom, 0, top);
	for (let i = 0; i <= 16; i += 1) gradient.addColorStop(i / 16, css(colourAt(table, i / 16)));
	context.fillStyle = gradient;
	context.fillRect(left, top, SCALE_WIDTH, bottom - top);
	context.font = `${TICK}px ${theme.font}`;
	context.fillStyle = theme.textSoft;
	context.textAlign = "left";
	context.textBaseline = "middle";
	if (!(low <= high)) return;
	const range = low < high ? { min: low, max: high } : { min: low - 0.5, max: high + 0.5 };
	const values = new Scale(range, false).between(bottom, top);
	for (const { value, text } of values.ticks(undefined, (bottom - top) / 42)) {
		context.fillText(text, left + SCALE_WIDTH + 5, values.pixel(value));
	}
}
