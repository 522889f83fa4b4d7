// Plots in space: points, surfaces and meshes, which a reader turns.
import type { Matrix } from "../../charts/space/camera";
import { lookTable, pixelOf, type Rgb, readColour } from "../../charts/space/colours";
import { drawPoints, type Frame, nearestPoint, type Screen } from "../../charts/space/points";
import { SpaceView } from "../../charts/space/space-view";
import { drawTriangles, type Triangles } from "../../charts/space/triangles";
import { element } from "../../ui/element";
import { formatNumber } from "../../ui/format";
import type { Theme } from "../../ui/theme";
import { field, isGrid, numberOr, numbersOf, type Trace, textOr, titleOf } from "../spec";
import { colourAt, colourTable } from "./colours";
import { seriesColour } from "./draw";
import type { Plot, PlotDrawing } from "./drawing";
import { rangeOf, Scale } from "./scale";

export const SPACE_KINDS: readonly string[] = ["scatter3d", "surface", "mesh3d"];

/** What is drawn in space, in the units of its axes. */
export interface SpaceModel {
	readonly points: Float64Array; // x, y, z of each
	/** The trace that a point is of. */
	readonly of: Uint16Array;
	readonly faces: Uint32Array;
	/** Heights of a surface as shares of its colour scale; of each vertex. */
	readonly shares: Float64Array | undefined;
	readonly isFlat: readonly boolean[];
}

export function spaceModel(traces: readonly Trace[]): SpaceModel {
	const points: number[] = [];
	const of: number[] = [];
	const faces: number[] = [];
	let shares: Float64Array | undefined;
	for (const [place, trace] of traces.entries()) {
		const first = points.length / 3;
		if (trace.type === "surface" && isGrid(trace.z)) {
			const { rows, columns, values } = trace.z;
			const [low, high] = [numberOr(trace.cmin, 0), numberOr(trace.cmax, 1)];
			const x = numbersOf(trace.x);
			const y = numbersOf(trace.y);
			for (let row = 0; row < rows; row += 1) {
				for (let column = 0; column < columns; column += 1) {
					const value = values[row * columns + column] ?? Number.NaN;
					points.push(x[column] ?? column, y[row] ?? row, value);
					of.push(place);
					if (row + 1 >= rows || column + 1 >= columns) continue;
					const at = first + row * columns + column;
					faces.push(at, at + 1, at + columns, at + 1, at + columns + 1, at + columns);
				}
			}
			shares = Float64Array.from(values, (value) => (value - low) / (high - low || 1));
			continue;
		}
		const [x, y, z] = [numbersOf(trace.x), numbersOf(trace.y), numbersOf(trace.z)];
		for (let i = 0; i < x.length; i += 1) {
			points.push(x[i] ?? Number.NaN, y[i] ?? Number.NaN, z[i] ?? Number.NaN);
			of.push(place);
		}
		const [a, b, c] = [numbersOf(trace.i), numbersOf(trace.j), numbersOf(trace.k)];
		for (let i = 0; i < c.length; i += 1)
			faces.push(first + (a[i] ?? 0), first + (b[i] ?? 0), first + (c[i] ?? 0));
	}
	return {
		points: Float64Array.from(points),
		of: Uint16Array.from(of),
		faces: Uint32Array.from(faces),
		shares,
		isFlat: traces.map((trace) => trace.type === "scatter3d"),
	};
}

/** The scales of the three axes, each around its values. */
export function spaceScales({ points }: SpaceModel, layout: Plot["layout"]): readonly Scale[] {
	return ["xaxis", "yaxis", "zaxis"].map((name, axis) => {
		let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
		for (let i = axis; i < points.length; i += 3) {
			const value = points[i] ?? Number.NaN;
			if (Number.isFinite(value)) [min, max] = [Math.min(min, value), Math.max(max, value)];
		}
		const loose = { isLog: false, isTight: true, hasZero: false };
		const range = rangeOf(field(layout.scene, name), { min, max }, loose);
		return new Scale(range, false).between(-0.5, 0.5);
	});
}

type At = (x: number, y: number, z: number) => [number, number];

/**
 * Which edges of the box the axes are drawn along: the lowest on the screen for those of the floor, the
 * leftmost for the heights. Returns where a share, ±0.5, of an axis is.
 */
export function edges(at: At): (axis: number, share: number) => [number, number] {
	const sides = [-0.5, 0.5] as const;
	const best = <T>(all: readonly T[], rate: (one: T) => number): T =>
		all.reduce((found, one) => (rate(one) > rate(found) ? one : found));
	// y of the plot goes away from the reader, z upwards.
	const depth = best(sides, (z) => at(0, -0.5, z)[1]);
	const side = best(sides, (x) => at(x, -0.5, 0)[1]);
	const corners = sides.flatMap((x) => sides.map((z) => [x, z] as const));
	const [x, z] = best(corners, ([x, z]) => -at(x, 0, z)[0]);
	return (axis, share) => {
		if (axis === 0) return at(share, -0.5, depth);
		return axis === 1 ? at(side, -0.5, -share) : at(x, share, z);
	};
}

const REACH = 14; // pixels
const AXES = ["x", "y", "z"] as const;

export class SpacePlot implements PlotDrawing {
	readonly root: HTMLElement;
	private readonly view: SpaceView;
	private readonly legend = element("div", "nbviz-window-legend");
	private readonly tip = element("div", "nbviz-tip", { role: "status", hidden: "" });
	private plot: Plot = { traces: [], layout: {}, title: "" };
	private model = spaceModel([]);
	private scales: readonly Scale[] = [];
	private positions = new Float32Array(0);
	private screen: Screen = { x: new Int16Array(0), y: new Int16Array(0) };
	private looks = new Uint16Array(0);
	private table: Uint32Array = new Uint32Array(0);
	private triangles: Triangles | undefined;
	private matrix: Matrix = new Float64Array(12);
	private theme: Theme | undefined;
	private surface: Rgb = [255, 255, 255];

	constructor() {
		this.view = new SpaceView(
			"Plot in space",
			"ArrowLeft ArrowRight ArrowUp ArrowDown + - 0",
			false,
			{
				paint: (frame, matrix) => this.paint(frame, matrix),
				decorate: (context, scale) => this.decorate(context, scale),
				point: (at) => this.point(at),
				scale: () => this.scale(),
			},
		);
		// Room for the axes' labels around it.
		this.view.camera.zoomBy(0.8, 0, 0, 1);
		this.view.root.classList.add("nbviz-window-picture");
		this.view.root.append(this.tip);
		this.root = element("div", "nbviz-window-plot", {}, this.legend, this.view.root);
	}

	take(plot: Plot): void {
		this.plot = plot;
		this.model = spaceModel(plot.traces);
		this.scales = spaceScales(this.model, plot.layout);
		const { points } = this.model;
		// z upwards, x to the right, y away from the reader.
		const [x, y, z] = this.scales;
		this.positions = new Float32Array(points.length);
		for (let i = 0; i < points.length; i += 3) {
			this.positions[i] = x?.pixel(points[i] ?? 0) ?? 0;
			this.positions[i + 1] = z?.pixel(points[i + 2] ?? 0) ?? 0;
			this.positions[i + 2] = -(y?.pixel(points[i + 1] ?? 0) ?? 0);
		}
		const count = points.length / 3;
		this.screen = { x: new Int16Array(count), y: new Int16Array(count) };
		this.looks = Uint16Array.from(this.model.of, (trace) => 2 * trace);
		const kinds = plot.traces.map((trace) =>
			`${textOr(trace.name, "")} ${trace.type ?? ""}`.trim(),
		);
		this.view.canvas.setAttribute(
			"aria-label",
			`${plot.title ? `${plot.title}. ` : ""}${kinds.join(", ")}, ${count} points in space; drag or arrows turn it`,
		);
	}

	draw(theme: Theme): void {
		this.theme = theme;
		this.surface = readColour(theme.surface, theme.isDark);
		const { traces } = this.plot;
		const colours = traces.map((trace, i) => {
			const own = field(trace.marker, "color") ?? trace.color;
			const first = Array.isArray(own) ? own[0] : own;
			return readColour(typeof first === "string" ? first : seriesColour(theme, i), theme.isDark);
		});
		this.table = lookTable(colours, this.surface);
		this.triangles = this.trianglesOf(colours);
		this.drawLegend(theme);
		this.view.draw();
	}

	remove(): void {
		this.view.remove();
		this.root.remove();
	}

	private trianglesOf(colours: readonly Rgb[]): Triangles | undefined {
		const { faces, shares } = this.model;
		if (faces.length === 0) return undefined;
		let own: Uint8Array | undefined;
		if (shares) {
			const table = colourTable(this.plot.traces[0]?.colorscale);
			own = new Uint8Array(shares.length * 3);
			for (const [i, share] of shares.entries())
				own.set(colourAt(table, Math.max(0, Math.min(1, share || 0))), i * 3);
		}
		const plain = colours[0] ?? [128, 132, 140];
		return { positions: this.positions, faces, colours: own, plain, shadow: [24, 26, 32] };
	}

	private paint(frame: Frame, matrix: Matrix): void {
		this.matrix = matrix;
		frame.pixels.fill(pixelOf(this.surface));
		if (this.triangles) {
			drawTriangles(this.triangles, matrix, frame);
			return;
		}
		const { positions, looks, table, screen } = this;
		const size = Math.max(2, numberOr(Number(field(this.plot.traces[0]?.marker, "size")), 5));
		const pixels = Math.round(Math.min(12, size) * this.scale());
		drawPoints({ positions, dims: 3, looks, hasDim: false, table }, matrix, pixels, frame, screen);
	}

	/** The three axes from the corner where they meet, with their first, middle and last values. */
	private decorate(context: CanvasRenderingContext2D, scale: number): void {
		const { theme, matrix } = this;
		if (!theme) return;
		const at: At = (x, y, z) => [
			(matrix[0] ?? 0) * x + (matrix[1] ?? 0) * y + (matrix[2] ?? 0) * z + (matrix[3] ?? 0),
			(matrix[4] ?? 0) * x + (matrix[5] ?? 0) * y + (matrix[6] ?? 0) * z + (matrix[7] ?? 0),
		];
		const along = edges(at);
		context.font = `${10.5 * scale}px ${theme.font}`;
		context.lineWidth = scale;
		context.textBaseline = "middle";
		for (const [axis, name] of AXES.entries()) {
			const [from, to] = [along(axis, -0.5), along(axis, 0.5)];
			context.strokeStyle = theme.border;
			context.beginPath();
			context.moveTo(...from);
			context.lineTo(...to);
			context.stroke();
			const layout = field(this.plot.layout.scene, `${name}axis`);
			const known = this.scales[axis];
			context.fillStyle = theme.textSoft;
			context.textAlign = axis === 2 ? "right" : "center";
			for (const tick of known?.ticks(layout, 3) ?? []) {
				const [px, py] = along(axis, known?.pixel(tick.value) ?? 0);
				if (axis === 2) context.fillText(tick.text, px - 6 * scale, py);
				else context.fillText(tick.text, px, py + 11 * scale);
			}
			const title = titleOf(field(layout, "title"));
			context.fillStyle = theme.text;
			if (axis === 2) {
				const [px, py] = along(axis, 0.58);
				context.textAlign = "center";
				context.fillText(title || name, px, py - 4 * scale);
				continue;
			}
			// Below the middle of its labels, away from the corner where the other axis has its own.
			const [px, py] = along(axis, 0);
			const width = context.measureText(title || name).width;
			const isLeft = px < along(1 - axis, 0)[0];
			const most = context.canvas.width - width - 2 * scale;
			context.textAlign = "left";
			const x = Math.max(2 * scale, Math.min(most, isLeft ? px - width : px));
			context.fillText(title || name, x, py + 26 * scale);
		}
	}

	private point(at: { x: number; y: number } | undefined): void {
		const near = at && !this.triangles ? nearestPoint(this.screen, at, REACH * this.scale()) : -1;
		this.tip.hidden = near < 0;
		if (near < 0 || !at) return;
		const { points, of } = this.model;
		const values = [0, 1, 2].map((axis) => formatNumber(points[3 * near + axis] ?? Number.NaN));
		const name = textOr(this.plot.traces[of[near] ?? 0]?.name, "");
		this.tip.textContent = `${name ? `${name}\n` : ""}${values.join(", ")}`;
		this.tip.style.left = `${at.x / this.scale() + 12}px`;
		this.tip.style.top = `${at.y / this.scale() - 12}px`;
	}

	private scale(): number {
		return Math.min(2, window.devicePixelRatio || 1);
	}

	private drawLegend(theme: Theme): void {
		const { traces, layout } = this.plot;
		this.legend.replaceChildren();
		this.legend.hidden = layout.showlegend !== true;
		for (const [i, trace] of traces.entries()) {
			const swatch = element("span", "nbviz-window-swatch");
			swatch.style.background = seriesColour(theme, i);
			this.legend.append(element("span", "nbviz-window-name", {}, swatch, textOr(trace.name, "")));
		}
	}
}
