// A picture of things in space that is turned, moved and zoomed by mouse, touch and keys, and drawn into
// an array of pixels once a painted frame.
import { element } from "../../ui/element";
import { Camera, type Matrix } from "./camera";
import type { Frame } from "./points";

const KEY_TURN = 0.12; // radians
const KEY_MOVE = 24; // CSS pixels
const KEY_ZOOM = 1.25;
const DRAG_TURN = 0.008; // radians a CSS pixel
const LEAST_DRAG = 4; // CSS pixels
const WHEEL_SPEED = 0.0022;
/** After the last move of the picture, until it is drawn at its best. */
const REST_MS = 160;

export interface SpaceHost {
	/** Fills the picture; `isMoving` while it is turned, moved or zoomed. */
	paint(frame: Frame, matrix: Matrix, isMoving: boolean): void;
	/** Draws over it; `scale` is pixels of the picture for a CSS pixel. */
	decorate?(context: CanvasRenderingContext2D, scale: number): void;
	/** The pointer rests there, in pixels of the picture; undefined where it has left. */
	point?(at: { x: number; y: number } | undefined): void;
	click?(at: { x: number; y: number }, event: PointerEvent): void;
	/** A path was drawn, as x, y, x, y … in pixels of the picture. */
	lassoed?(path: readonly number[], event: PointerEvent): void;
	escape?(): void;
	/** Pixels of the picture for a CSS pixel. */
	scale(): number;
}

export class SpaceView {
	readonly root: HTMLElement;
	readonly canvas: HTMLCanvasElement;
	readonly camera = new Camera(false);
	isLasso = false;
	private readonly over: HTMLCanvasElement;
	private readonly frames: { width: number; height: number; image: ImageData; frame: Frame }[] = [];
	private readonly pointers = new Map<number, PointerEvent>();
	private isDue = false;
	private isGone = false;
	private movedAt = Number.NEGATIVE_INFINITY;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private dragged = 0;
	private path: number[] = [];

	constructor(
		label: string,
		keys: string,
		private isFlat: boolean,
		private readonly host: SpaceHost,
	) {
		this.canvas = element("canvas", "nbviz-space-picture", {
			role: "img",
			tabindex: "0",
			"aria-label": label,
			"aria-keyshortcuts": keys,
			"data-lm-suppress-shortcuts": "true", // JupyterLab moves between cells by arrows
		});
		this.over = element("canvas", "nbviz-space-over", { "aria-hidden": "true" });
		this.root = element("div", "nbviz-space", {}, this.canvas, this.over);
		this.camera.reset(isFlat);
		const { canvas } = this;
		canvas.addEventListener("pointerdown", (event) => this.down(event));
		canvas.addEventListener("pointermove", (event) => this.moved(event));
		canvas.addEventListener("pointerup", (event) => this.up(event));
		canvas.addEventListener("pointercancel", (event) => this.up(event));
		canvas.addEventListener("pointerleave", () => host.point?.(undefined));
		canvas.addEventListener("contextmenu", (event) => event.preventDefault());
		canvas.addEventListener("dblclick", () => this.reset());
		canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
		canvas.addEventListener("keydown", (event) => this.key(event));
	}

	remove(): void {
		this.isGone = true;
		clearTimeout(this.timer);
		this.root.remove();
	}

	setFlat(isFlat: boolean): void {
		if (isFlat === this.isFlat) return;
		this.isFlat = isFlat;
		this.reset();
	}

	reset(): void {
		this.camera.reset(this.isFlat);
		this.draw();
	}

	zoomBy(factor: number): void {
		this.camera.zoomBy(factor, 0, 0, this.side);
		this.moves();
	}

	/** Draws in the next painted frame. */
	draw(): void {
		if (this.isDue || this.isGone) return;
		this.isDue = true;
		requestAnimationFrame(() => {
			this.isDue = false;
			if (!this.isGone) this.paint();
		});
	}

	private paint(): void {
		const { clientWidth, clientHeight } = this.canvas;
		const scale = this.host.scale();
		const width = Math.round(clientWidth * scale);
		const height = Math.round(clientHeight * scale);
		const context = this.canvas.getContext("2d", { alpha: false });
		if (!context || width < 8 || height < 8) return;
		const { image, frame } = this.room(width, height);
		const isMoving = performance.now() - this.movedAt < REST_MS;
		this.host.paint(frame, this.camera.matrix(width, height), isMoving);
		context.putImageData(image, 0, 0);
		const over = this.over.getContext("2d");
		over?.clearRect(0, 0, width, height);
		if (over) {
			this.host.decorate?.(over, scale);
			this.drawPath(over);
		}
		this.canvas.dataset.frames = String(Number(this.canvas.dataset.frames ?? 0) + 1);
	}

	/** The picture's pixels, made anew for another size. */
	private room(width: number, height: number): { image: ImageData; frame: Frame } {
		const known = this.frames.find((one) => one.width === width && one.height === height);
		if (known) return known;
		for (const canvas of [this.canvas, this.over]) {
			canvas.width = width;
			canvas.height = height;
		}
		const image = new ImageData(width, height);
		const pixels = new Uint32Array(image.data.buffer);
		const frame = { width, height, pixels, depth: new Float32Array(width * height) };
		const made = { width, height, image, frame };
		this.frames.splice(0, this.frames.length, made);
		return made;
	}

	private drawPath(over: CanvasRenderingContext2D): void {
		if (this.path.length < 4) return;
		over.beginPath();
		for (let i = 0; i < this.path.length; i += 2)
			over.lineTo(this.path[i] ?? 0, this.path[i + 1] ?? 0);
		over.closePath();
		over.strokeStyle = getComputedStyle(this.canvas).color;
		over.lineWidth = 1.5 * this.host.scale();
		over.setLineDash([5, 4]);
		over.stroke();
		over.setLineDash([]);
	}

	private get side(): number {
		return Math.max(1, Math.min(this.canvas.clientWidth, this.canvas.clientHeight));
	}

	private moves(): void {
		this.movedAt = performance.now();
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.draw(), REST_MS + 20);
		this.draw();
	}

	private at({ clientX, clientY }: MouseEvent): { x: number; y: number } {
		const { left, top } = this.canvas.getBoundingClientRect();
		return { x: clientX - left, y: clientY - top };
	}

	private pixel(event: MouseEvent): { x: number; y: number } {
		const { x, y } = this.at(event);
		const scale = this.host.scale();
		return { x: x * scale, y: y * scale };
	}

	private down(event: PointerEvent): void {
		this.canvas.focus({ preventScroll: true });
		this.pointers.set(event.pointerId, event);
		this.canvas.setPointerCapture(event.pointerId);
		this.dragged = 0;
		this.path = [];
		if (event.button !== 0) event.preventDefault();
	}

	private moved(event: PointerEvent): void {
		const before = this.pointers.get(event.pointerId);
		if (!before) {
			this.host.point?.(this.pixel(event));
			return;
		}
		const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
		this.dragged += Math.abs(dx) + Math.abs(dy);
		const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
		this.pointers.set(event.pointerId, event);
		const other = others[0]?.[1];
		if (other) {
			this.pinch(before, event, other);
			return;
		}
		if (this.dragged < LEAST_DRAG) return;
		this.host.point?.(undefined);
		const isPan = this.isFlat || event.shiftKey || (event.buttons & 6) !== 0;
		if (this.isLasso && (event.buttons & 6) === 0) {
			const { x, y } = this.pixel(event);
			this.path.push(x, y);
			this.draw();
			return;
		}
		if (isPan) this.camera.move(dx, dy, this.side);
		else this.camera.rotate(dx * DRAG_TURN, dy * DRAG_TURN);
		this.moves();
	}

	private pinch(before: PointerEvent, now: PointerEvent, other: PointerEvent): void {
		const apart = (one: PointerEvent) =>
			Math.max(1, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY));
		const { x, y } = this.at(other);
		const { clientWidth, clientHeight } = this.canvas;
		const factor = apart(now) / apart(before);
		this.camera.zoomBy(factor, x - clientWidth / 2, y - clientHeight / 2, this.side);
		this.moves();
	}

	private up(event: PointerEvent): void {
		if (!this.pointers.delete(event.pointerId)) return;
		const path = this.path;
		this.path = [];
		if (event.type === "pointercancel") return;
		if (path.length >= 6) this.host.lassoed?.(path, event);
		else if (this.dragged < LEAST_DRAG && event.button === 0)
			this.host.click?.(this.pixel(event), event);
		this.draw();
	}

	/** The wheel scrolls the notebook until the picture was clicked. */
	private wheel(event: WheelEvent): void {
		const { activeElement } = this.canvas.getRootNode() as Document | ShadowRoot;
		if (activeElement !== this.canvas) return;
		event.preventDefault();
		const { x, y } = this.at(event);
		const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
		const factor = Math.exp(-Math.max(-300, Math.min(300, event.deltaY * unit)) * WHEEL_SPEED);
		const { clientWidth, clientHeight } = this.canvas;
		this.camera.zoomBy(factor, x - clientWidth / 2, y - clientHeight / 2, this.side);
		this.moves();
	}

	private key(event: KeyboardEvent): void {
		if (event.ctrlKey || event.metaKey || event.altKey) return;
		const arrows: Readonly<Record<string, readonly [number, number]>> = {
			ArrowLeft: [-1, 0],
			ArrowRight: [1, 0],
			ArrowUp: [0, -1],
			ArrowDown: [0, 1],
		};
		const arrow = arrows[event.key];
		if (arrow) {
			const [x, y] = arrow;
			const isPan = this.isFlat || event.shiftKey;
			if (isPan) this.camera.move(x * KEY_MOVE, y * KEY_MOVE, this.side);
			else this.camera.rotate(x * KEY_TURN, y * KEY_TURN);
			this.moves();
		} else if (event.key === "+" || event.key === "=") this.zoomBy(KEY_ZOOM);
		else if (event.key === "-") this.zoomBy(1 / KEY_ZOOM);
		else if (event.key === "0") this.reset();
		else if (event.key === "Escape" && this.host.escape) this.host.escape();
		else return;
		event.preventDefault();
		event.stopPropagation();
	}
}
