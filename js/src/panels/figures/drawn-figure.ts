// A figure that its own library draws in the page. What cannot be seen is not drawn: a page may have few
// drawings by a graphics card, and figures are large.
import type { Library } from "../../protocol/index.gen";
import { element } from "../../ui/element";
import type { Described, Drawing, Room } from "./drawing";
import { plotlyDrawing } from "./plotly";
import { vegaDrawing } from "./vega";

const DRAWINGS: Readonly<Record<Library, (library: unknown, root: HTMLElement) => Drawing>> = {
	plotly: plotlyDrawing,
	altair: vegaDrawing,
};

export class DrawnFigure {
	readonly root = element("div", "nbviz-figure-drawn", { "data-lm-suppress-shortcuts": "true" });
	private readonly seen: IntersectionObserver;
	private described: Described | undefined;
	private drawing: Drawing | undefined;
	private drawnBy: Library | undefined;
	private room: Room = { width: 0, height: 0, isEnlarged: false };
	private isSeen = false;
	private isBusy = false;
	private isStale = false;

	constructor(
		private readonly load: (library: Library) => Promise<unknown>,
		private readonly failed: (described: Described, reason: unknown) => void,
	) {
		this.seen = new IntersectionObserver((entries) => {
			this.isSeen = entries.at(-1)?.isIntersecting === true;
			void this.update();
		});
		this.seen.observe(this.root);
	}

	/** Draws a figure; undefined for none. */
	take(described: Described | undefined): void {
		this.described = described;
		void this.update();
	}

	resize(room: Room): void {
		const { width, height, isEnlarged } = this.room;
		if (room.width === width && room.height === height && room.isEnlarged === isEnlarged) return;
		this.room = room;
		this.root.style.width = `${room.width}px`;
		this.root.style.height = `${room.height}px`;
		void this.update();
	}

	remove(): void {
		this.seen.disconnect();
		this.take(undefined);
		this.root.remove();
	}

	/** Draws until what is drawn is what is wanted: libraries take their time, and figures come meanwhile. */
	private async update(): Promise<void> {
		this.isStale = true;
		if (this.isBusy) return;
		this.isBusy = true;
		while (this.isStale) {
			this.isStale = false;
			const { described } = this;
			try {
				await this.draw();
			} catch (reason) {
				this.clear();
				if (described && described === this.described) this.failed(described, reason);
			}
		}
		this.isBusy = false;
	}

	private async draw(): Promise<void> {
		const { described, room } = this;
		if (!described || !this.isSeen || room.width <= 0) {
			this.clear();
			return;
		}
		const { library, figure, step } = described;
		const code = await this.load(library);
		if (described !== this.described || !this.isSeen) return; // and it is stale
		if (library !== this.drawnBy) this.clear();
		this.drawing ??= DRAWINGS[library](code, this.root);
		this.drawnBy = library;
		await this.drawing.draw(figure, room);
		this.root.dataset.drawnStep = String(step);
	}

	private clear(): void {
		this.drawing?.remove();
		this.drawing = undefined;
		this.drawnBy = undefined;
		delete this.root.dataset.drawnStep;
	}
}
