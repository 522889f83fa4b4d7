// The cloud on the screen: points that move to where they are at another step, images in their place,
// rings around those that are pointed at.

import type { Matrix } from "../../charts/space/camera";
import { lookTable, pixelOf, type Rgb, readColour } from "../../charts/space/colours";
import {
	drawPoints,
	type Frame,
	nearestPoint,
	OFF_SCREEN,
	pointsInside,
	type Screen,
} from "../../charts/space/points";
import { type SpaceHost, SpaceView } from "../../charts/space/space-view";
import type { Theme } from "../../ui/theme";

const MOVE_MS = 450;
const MANY = 250_000; // points that are drawn smaller while the picture moves, and never at a finer scale
const REACH = 9; // CSS pixels
const MOST_IMAGES = 500;
const IMAGE_SIDE = 34; // CSS pixels

export interface CloudHost {
	pointAt(point: number, at: { x: number; y: number } | undefined): void;
	choose(point: number): void;
	lassoed(points: Uint32Array, adds: boolean): void;
	escape(): void;
	/** The image of a point, where images are shown; it may come later. */
	image(point: number): ImageBitmap | undefined;
	fetchImages(points: readonly number[]): void;
}

export class PointCloud {
	readonly view: SpaceView;
	looks = new Uint16Array(0);
	showsImages = false;
	/** Around these are rings. */
	ringed: readonly number[] = [];
	private pointed = -1;
	private table: Uint32Array = new Uint32Array(0);
	private surface: Rgb = [255, 255, 255];
	private accent = "#000";
	private hasDim = false;
	private dims: 2 | 3 = 3;
	private shown: Float32Array = new Float32Array(0);
	private from: Float32Array | undefined;
	private to: Float32Array = new Float32Array(0);
	private startedAt = 0;
	private screen: Screen = { x: new Int16Array(0), y: new Int16Array(0) };

	constructor(
		private readonly host: CloudHost,
		label: string,
	) {
		const space: SpaceHost = {
			paint: (frame, matrix, isMoving) => this.paint(frame, matrix, isMoving),
			decorate: (context, scale) => this.decorate(context, scale),
			point: (at) => {
				const point = at ? this.nearest(at) : -1;
				if (point !== this.pointed) {
					this.pointed = point;
					this.view.draw();
				}
				host.pointAt(point, point < 0 ? undefined : this.placeOf(point));
			},
			click: (at) => host.choose(this.nearest(at)),
			lassoed: (path, { shiftKey }) => host.lassoed(pointsInside(this.screen, path), shiftKey),
			escape: () => host.escape(),
			scale: () => this.scale,
		};
		this.view = new SpaceView(
			label,
			"ArrowLeft ArrowRight ArrowUp ArrowDown + - 0 Escape",
			false,
			space,
		);
	}

	get points(): number {
		return this.looks.length;
	}

	/** Shows points, moving there from where they are if there are as many and `moves`. */
	show(positions: Float32Array, dims: 2 | 3, points: number, moves: boolean): void {
		const isSame =
			dims === this.dims && points === this.points && this.shown.length === positions.length;
		const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
		this.from = isSame && moves && !isCalm ? this.shown.slice() : undefined;
		this.to = positions;
		this.dims = dims;
		this.startedAt = performance.now();
		if (this.points !== points) {
			this.looks = new Uint16Array(points);
			this.screen = {
				x: new Int16Array(points).fill(OFF_SCREEN),
				y: new Int16Array(points),
			};
			this.pointed = -1;
			this.ringed = [];
		}
		this.shown = this.from ? this.from.slice() : positions;
		this.view.setFlat(dims === 2);
		this.view.draw();
	}

	colour(colours: readonly Rgb[], hasDim: boolean, theme: Theme): void {
		this.surface = readColour(theme.surface, theme.isDark);
		this.accent = theme.text;
		this.table = lookTable(colours, this.surface);
		this.hasDim = hasDim;
		this.view.draw();
	}

	/** Where a point is, in CSS pixels; undefined where it cannot be seen. */
	placeOf(point: number): { x: number; y: number } | undefined {
		const x = this.screen.x[point] ?? OFF_SCREEN;
		if (x === OFF_SCREEN) return undefined;
		return { x: x / this.scale, y: (this.screen.y[point] ?? 0) / this.scale };
	}

	private nearest(at: { x: number; y: number }): number {
		const reach = (this.showsImages ? IMAGE_SIDE / 2 : REACH) * this.scale;
		return nearestPoint(this.screen, at, reach);
	}

	private get scale(): number {
		return this.points > MANY ? 1 : Math.min(2, window.devicePixelRatio || 1);
	}

	private paint(frame: Frame, matrix: Matrix, isMoving: boolean): void {
		this.step();
		frame.pixels.fill(pixelOf(this.surface));
		const { dims, looks, table, hasDim } = this;
		const isLarge = this.points > MANY;
		const side =
			(isLarge ? (isMoving || this.from ? 2 : 3) : this.points > 20_000 ? 3 : 4) * this.scale;
		const size = Math.max(1, Math.round(this.points < 2000 ? side + 2 * this.scale : side));
		drawPoints(
			{ positions: this.shown, dims, looks, table, hasDim },
			matrix,
			size,
			frame,
			this.screen,
		);
	}

	/** Moves the points on. */
	private step(): void {
		const { from, to, shown } = this;
		if (!from) return;
		const share = Math.min(1, (performance.now() - this.startedAt) / MOVE_MS);
		if (share >= 1) {
			this.from = undefined;
			this.shown = to;
			return;
		}
		const eased = share * share * (3 - 2 * share);
		for (let i = 0; i < shown.length; i += 1) {
			const start = from[i] as number;
			shown[i] = start + ((to[i] as number) - start) * eased;
		}
		this.view.draw();
	}

	private decorate(context: CanvasRenderingContext2D, scale: number): void {
		if (this.showsImages) this.drawImages(context, scale);
		context.lineWidth = 1.6 * scale;
		context.strokeStyle = this.accent;
		const ring = (point: number, radius: number) => {
			const at = this.placeOf(point);
			if (!at) return;
			context.beginPath();
			context.arc(at.x * scale, at.y * scale, radius * scale, 0, 2 * Math.PI);
			context.stroke();
		};
		for (const [place, point] of this.ringed.entries()) ring(point, place === 0 ? 8 : 5);
		if (this.pointed >= 0) ring(this.pointed, 6.5);
	}

	/** Images of points that do not cover each other; the others stay points. */
	private drawImages(context: CanvasRenderingContext2D, scale: number): void {
		const side = IMAGE_SIDE * scale;
		const taken = new Set<number>();
		const wanted: number[] = [];
		const { x, y } = this.screen;
		context.imageSmoothingEnabled = false;
		for (let i = 0; i < x.length && taken.size < MOST_IMAGES; i += 1) {
			const px = x[i] as number;
			if (px === OFF_SCREEN || ((this.looks[i] ?? 0) & 1) === 1) continue;
			const cell = Math.floor((y[i] as number) / side) * 4096 + Math.floor(px / side);
			if (taken.has(cell)) continue;
			taken.add(cell);
			const image = this.host.image(i);
			if (!image) {
				wanted.push(i);
				continue;
			}
			const most = (side - 2) / Math.max(image.width, image.height);
			const [width, height] = [image.width * most, image.height * most];
			context.drawImage(image, px - width / 2, (y[i] as number) - height / 2, width, height);
		}
		if (wanted.length > 0) this.host.fetchImages(wanted);
	}
}
