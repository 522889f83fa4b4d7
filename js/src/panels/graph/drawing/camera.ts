// What part of the drawing is seen, and how large: pan by drag, zoom with ctrl and the wheel.
import type { Scene } from "./scene";

const LARGEST = 2.5;
const SMALLEST = 0.02;
/** Text is still read easily at this scale; the first view does not go below it. */
const READABLE = 0.92;
const MARGIN = 14;

/** What the controls over the frame cover at its edges, in pixels of the page. */
export interface Covered {
	readonly top: number;
	readonly right: number;
	readonly bottom: number;
}

export class Camera {
	/** Views begin and fit beside what is covered; a person may move the scene below it. */
	covered: Covered = { top: 0, right: 0, bottom: 0 };
	private x = 0;
	private y = 0;
	private scale = 1;
	private scene: Scene | undefined;
	private width = 0;
	private height = 0;

	constructor(
		private readonly frame: SVGSVGElement,
		private readonly world: SVGGElement,
		private readonly changed: () => void,
	) {
		frame.addEventListener("wheel", this.wheel, { passive: false });
		frame.addEventListener("pointerdown", this.grab);
	}

	/** The part of the scene that is seen. */
	get view(): { x: number; y: number; width: number; height: number } {
		const { width, height } = this.size;
		return {
			x: -this.x / this.scale,
			y: -this.y / this.scale,
			width: width / this.scale,
			height: height / this.scale,
		};
	}

	/** Keeps the point (x, y) of the old scene where it was, as (toX, toY) of the new one. */
	follow(scene: Scene, from: readonly number[], to: readonly number[]): void {
		this.scene = scene;
		this.x += ((from[0] ?? 0) - (to[0] ?? 0)) * this.scale;
		this.y += ((from[1] ?? 0) - (to[1] ?? 0)) * this.scale;
		this.apply();
	}

	/** Keeps what is in the middle there, after the frame has changed its size. */
	resize(): void {
		const { width, height } = this.size;
		if (!this.scene || (width === this.width && height === this.height)) return;
		if (this.scene.direction === "TB" || width !== this.width) this.x += (width - this.width) / 2;
		if (this.scene.direction === "LR") this.y += (height - this.height) / 2;
		this.apply();
	}

	/** How many pixels of the page a unit of the scene takes. */
	get zoomed(): number {
		return this.scale;
	}

	/** Shows the scene from its start, as large as can be read. */
	begin(scene: Scene): void {
		this.scene = scene;
		this.scale = Math.max(this.fitting(), READABLE);
		this.place(scene);
	}

	/** Shows the whole scene. */
	fit(): void {
		if (!this.scene) return;
		this.scale = this.fitting();
		this.place(this.scene);
	}

	/**
	 * Puts the scene in the middle, or beside what covers the frame. Of a scene that is larger than the
	 * frame its start is seen, and its first box.
	 */
	private place({ boxes, width, height, direction }: Scene): void {
		const { top, right, bottom } = this.covered;
		const isDown = direction === "TB";
		const [first] = [...boxes].sort((a, b) => (isDown ? a.y - b.y : a.x - b.x));
		const seen = (room: number, length: number, at: number) =>
			Math.min(MARGIN, Math.max(room - length - MARGIN, room / 2 - at * this.scale));
		const wide = width * this.scale;
		const free = this.size.width - right;
		this.x = Math.min((this.size.width - wide) / 2, free - MARGIN - wide);
		if (wide + 2 * MARGIN > free) {
			this.x = isDown && first ? seen(free, wide, first.x + first.width / 2) : MARGIN;
		}
		const high = height * this.scale;
		const room = this.size.height - top - bottom;
		this.y = top + (room - high) / 2;
		if (high + 2 * MARGIN > room) {
			this.y = isDown || !first ? MARGIN : top + seen(room, high, first.y + first.height / 2);
		}
		this.apply();
	}

	/** Zooms around the middle, or around a point of the frame. */
	zoom(factor: number, at?: { x: number; y: number }): void {
		const { width, height } = this.size;
		const { x, y } = at ?? { x: width / 2, y: height / 2 };
		const scale = Math.min(LARGEST, Math.max(SMALLEST, this.scale * factor));
		this.x = x - ((x - this.x) * scale) / this.scale;
		this.y = y - ((y - this.y) * scale) / this.scale;
		this.scale = scale;
		this.apply();
	}

	/** Moves the view by so many pixels of the page. */
	pan(dx: number, dy: number): void {
		this.x += dx;
		this.y += dy;
		this.apply();
	}

	/** Puts a point of the scene in the middle. */
	center(x: number, y: number): void {
		const { width, height } = this.size;
		this.scale = Math.max(this.scale, READABLE);
		this.x = width / 2 - x * this.scale;
		this.y = height / 2 - y * this.scale;
		this.apply();
	}

	/** Moves just so far that a box is seen whole, if it fits. */
	reveal(box: { x: number; y: number; width: number; height: number }): void {
		const { x, y, width, height } = this.view;
		const dx = outside(box.x, box.x + box.width, x, x + width);
		const dy = outside(box.y, box.y + Math.min(box.height, height * 0.8), y, y + height);
		if (dx || dy) this.pan(-dx * this.scale, -dy * this.scale);
	}

	private get size(): { width: number; height: number } {
		return { width: this.frame.clientWidth || 800, height: this.frame.clientHeight || 400 };
	}

	private fitting(): number {
		if (!this.scene) return 1;
		const { width, height } = this.size;
		const { top, right, bottom } = this.covered;
		const across = (width - right - 2 * MARGIN) / this.scene.width;
		const along = (height - top - bottom - 2 * MARGIN) / this.scene.height;
		return Math.max(SMALLEST, Math.min(1, across, along));
	}

	private apply(): void {
		({ width: this.width, height: this.height } = this.size);
		this.world.style.transform = `translate(${this.x}px,${this.y}px) scale(${this.scale})`;
		this.changed();
	}

	private readonly wheel = (event: WheelEvent): void => {
		if (!event.ctrlKey && !event.metaKey) return;
		event.preventDefault();
		const box = this.frame.getBoundingClientRect();
		const at = { x: event.clientX - box.left, y: event.clientY - box.top };
		this.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.004)), at);
	};

	private readonly grab = (event: PointerEvent): void => {
		if (event.button !== 0) return;
		let { clientX, clientY } = event;
		let far = 0;
		const move = (moved: PointerEvent) => {
			far += Math.abs(moved.clientX - clientX) + Math.abs(moved.clientY - clientY);
			if (far > 4 && !this.frame.hasPointerCapture(event.pointerId)) {
				this.frame.setPointerCapture(event.pointerId);
				this.frame.classList.add("nbviz-graph-grabbed");
			}
			if (far > 4) this.pan(moved.clientX - clientX, moved.clientY - clientY);
			({ clientX, clientY } = moved);
		};
		const drop = () => {
			this.frame.removeEventListener("pointermove", move);
			this.frame.removeEventListener("pointerup", drop);
			this.frame.removeEventListener("pointercancel", drop);
			this.frame.classList.remove("nbviz-graph-grabbed");
		};
		this.frame.addEventListener("pointermove", move);
		this.frame.addEventListener("pointerup", drop);
		this.frame.addEventListener("pointercancel", drop);
	};
}

/** How far the stretch from `start` to `end` lies outside of what is seen. */
function outside(start: number, end: number, seenStart: number, seenEnd: number): number {
	if (end - start > seenEnd - seenStart || start < seenStart) return start - seenStart - 8;
	return end > seenEnd ? end - seenEnd + 8 : 0;
}
