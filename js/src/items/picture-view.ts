// A picture in its card. Enlarged it can be magnified, by the wheel with Ctrl or ⌘ or by + and −, and moved,
// by the pointer or the arrow keys; a click shows it whole again.
import { element } from "../ui/element";
import { pixelsOf, pixelText } from "./pixels";
import type { ItemHost } from "./view";

/** One picture as it came. */
export interface Picture {
	readonly step: number;
	/** Pixels that were logged. */
	readonly width: number;
	readonly height: number;
	/** How many logged pixels one that came stands for along each side. */
	readonly reduced: number;
	readonly media_type: string;
	readonly bytes: DataView;
}

const PIXELATED_FROM = 1.5; // screen pixels for one of the image
const MOST_ZOOM = 16;
const ZOOM_STEP = 1.5;
const MOVE = 40; // CSS pixels that an arrow key moves it
const DRAGGED = 4; // CSS pixels from which on a press is no click

export class PictureView {
	readonly root: HTMLButtonElement;
	readonly image = element("img", "nbviz-items-image");
	/** The picture with what stands over it. */
	private readonly frame: HTMLElement;
	private url = "";
	private shown: { step: number; note: string } | undefined;
	private size = { width: 0, height: 0 };
	private room = { width: 0, height: 0 };
	private zoom = 1;
	private offset = { x: 0, y: 0 };
	private wasDragged = false;
	private reduced = 1;
	/** Of the picture that is shown, once they were pointed at. */
	private pixels: ImageData | undefined;

	/** `over` is drawn over the picture, in its size. */
	constructor(
		private readonly host: ItemHost,
		over?: HTMLElement,
	) {
		this.frame = element("span", "nbviz-items-pictured", {}, this.image, ...(over ? [over] : []));
		this.root = element(
			"button",
			"nbviz-items-picture",
			{
				type: "button",
				title: "Enlarge, and back; enlarged, the wheel with Ctrl magnifies, and so do + and −",
				"data-lm-suppress-shortcuts": "true",
			},
			this.frame,
		);
		this.image.draggable = false;
		this.listen();
	}

	take(picture: Picture, what = ""): void {
		const { step, width, height, reduced, media_type } = picture;
		const bytes = picture.bytes as DataView<ArrayBuffer>;
		const url = URL.createObjectURL(new Blob([bytes], { type: media_type }));
		this.image.src = url;
		URL.revokeObjectURL(this.url);
		this.url = url;
		this.image.alt = `${this.host.tag} at step ${step}, ${what}${width} × ${height} pixels`;
		this.size = { width, height };
		this.reduced = reduced;
		this.pixels = undefined;
		const smaller = reduced > 1 ? `, sent at 1/${reduced}` : "";
		this.shown = { step, note: `${what}${width} × ${height}${smaller}` };
		this.fit();
	}

	show(): { step: number; note: string } | undefined {
		return this.shown;
	}

	resize(width: number, height: number): void {
		this.room = { width, height };
		if (!this.isEnlarged) this.magnify(1);
		this.fit();
	}

	recolour(): void {}

	remove(): void {
		URL.revokeObjectURL(this.url);
	}

	private get isEnlarged(): boolean {
		return this.root.closest("[data-enlarged=true]") !== null;
	}

	/** CSS pixels for one of the picture, without magnification. */
	private get scale(): number {
		const { width, height } = this.size;
		return Math.min(this.room.width / width, this.room.height / height);
	}

	private fit(): void {
		const { width, height } = this.size;
		if (width === 0 || this.room.width <= 0) return;
		const scale = this.scale;
		this.image.style.width = `${width * scale}px`;
		this.image.style.height = `${height * scale}px`;
		this.image.dataset.pixelated = String(scale * this.zoom >= PIXELATED_FROM);
		const { x, y } = this.offset;
		this.frame.style.transform =
			this.zoom > 1 ? `translate(${x}px, ${y}px) scale(${this.zoom})` : "";
		this.root.dataset.zoom = String(this.zoom);
	}

	/** Magnifies it around a place, in CSS pixels from its middle. */
	private magnify(zoom: number, x = 0, y = 0): void {
		const now = Math.min(MOST_ZOOM, Math.max(1, zoom));
		const by = now / this.zoom;
		this.zoom = now;
		this.move(x - (x - this.offset.x) * by, y - (y - this.offset.y) * by);
	}

	/** Moves it, as far as there is something to be seen. */
	private move(x: number, y: number): void {
		const { width, height } = this.size;
		// Before the first picture there is no size, and no scale.
		const over = (size: number) => Math.max(0, (size * this.scale * (this.zoom - 1)) / 2) || 0;
		const within = (value: number, most: number) => Math.min(most, Math.max(-most, value));
		this.offset = { x: within(x, over(width)), y: within(y, over(height)) };
		this.fit();
	}

	/** Says which pixel is pointed at, and what it is. */
	private point(event: PointerEvent): void {
		const { image, root } = this;
		if (!image.complete) return;
		this.pixels ??= pixelsOf(image);
		const { pixels } = this;
		const { left, top, width, height } = image.getBoundingClientRect();
		const x = Math.floor(((event.clientX - left) / width) * (pixels?.width ?? 0));
		const y = Math.floor(((event.clientY - top) / height) * (pixels?.height ?? 0));
		const isInside = pixels && x >= 0 && y >= 0 && x < pixels.width && y < pixels.height;
		const around = root.getBoundingClientRect();
		const text = isInside ? pixelText(pixels, x, y, this.reduced) : "";
		this.host.describe(text, event.clientX - around.left, event.clientY - around.top);
	}

	private listen(): void {
		const { root } = this;
		root.addEventListener("pointermove", (event) => this.point(event));
		root.addEventListener("pointerleave", () => this.host.describe("", 0, 0));
		root.addEventListener("click", (event) => {
			const isClick = event.detail > 0; // and not Enter
			if (this.zoom > 1 && isClick) {
				if (!this.wasDragged) this.magnify(1);
			} else this.host.enlarge();
		});
		root.addEventListener(
			"wheel",
			(event) => {
				if (!this.isEnlarged || !(event.ctrlKey || event.metaKey)) return;
				event.preventDefault();
				const { left, top, width, height } = root.getBoundingClientRect();
				const [x, y] = [event.clientX - left - width / 2, event.clientY - top - height / 2];
				this.magnify(this.zoom * ZOOM_STEP ** (event.deltaY < 0 ? 1 : -1), x, y);
			},
			{ passive: false },
		);
		root.addEventListener("keydown", (event) => {
			if (!this.isEnlarged) return;
			const { x, y } = this.offset;
			const acts: Readonly<Record<string, () => void>> = {
				"+": () => this.magnify(this.zoom * ZOOM_STEP),
				"=": () => this.magnify(this.zoom * ZOOM_STEP),
				"-": () => this.magnify(this.zoom / ZOOM_STEP),
				"0": () => this.magnify(1),
				ArrowLeft: () => this.move(x + MOVE, y),
				ArrowRight: () => this.move(x - MOVE, y),
				ArrowUp: () => this.move(x, y + MOVE),
				ArrowDown: () => this.move(x, y - MOVE),
			};
			const act = acts[event.key];
			if (!act) return;
			event.preventDefault();
			event.stopPropagation();
			act();
		});
		root.addEventListener("pointerdown", (event) => {
			this.wasDragged = false;
			if (this.zoom === 1 || event.button !== 0) return;
			root.setPointerCapture(event.pointerId);
			const from = { x: event.clientX - this.offset.x, y: event.clientY - this.offset.y };
			const moved = ({ clientX, clientY }: PointerEvent) => {
				const far = Math.hypot(clientX - event.clientX, clientY - event.clientY);
				if (far > DRAGGED) this.wasDragged = true;
				this.move(clientX - from.x, clientY - from.y);
			};
			const end = () => root.removeEventListener("pointermove", moved);
			root.addEventListener("pointermove", moved);
			root.addEventListener("pointerup", end, { once: true });
			root.addEventListener("pointercancel", end, { once: true });
		});
	}
}
