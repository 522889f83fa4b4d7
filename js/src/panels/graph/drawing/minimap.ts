// A small picture of the whole graph with the part that is seen; a click moves there.
import { element } from "../../../ui/element";
import type { Theme } from "../../../ui/theme";
import type { Camera } from "./camera";
import { type ColourOf, paint } from "./overview";
import type { Scene } from "./scene";

const WIDTH = 132;
const HEIGHT = 110;
const LEAST = 8;

/** How large the minimap of a scene is. */
export function sizeOfMinimap({ width, height }: Scene): { width: number; height: number } {
	const scale = Math.min(WIDTH / width, HEIGHT / height);
	return { width: Math.max(LEAST, width * scale), height: Math.max(LEAST, height * scale) };
}

export class Minimap {
	readonly root = element("div", "nbviz-graph-minimap", { "aria-hidden": "true" });
	private readonly canvas = element("canvas");
	private readonly seen = element("div", "nbviz-graph-seen");
	private scene: Scene | undefined;
	private scale = 1;

	constructor(private readonly camera: () => Camera) {
		this.root.append(this.canvas, this.seen);
		const go = (event: PointerEvent) => {
			const box = this.root.getBoundingClientRect();
			camera().center(
				(event.clientX - box.left) / this.scale,
				(event.clientY - box.top) / this.scale,
			);
		};
		this.root.addEventListener("pointerdown", (event) => {
			event.stopPropagation();
			this.root.setPointerCapture(event.pointerId);
			go(event);
		});
		this.root.addEventListener("pointermove", (event) => {
			if (event.buttons & 1) go(event);
		});
	}

	show(scene: Scene, theme: Theme, colourOf: ColourOf): void {
		this.scene = scene;
		this.scale = Math.min(WIDTH / scene.width, HEIGHT / scene.height);
		const size = sizeOfMinimap(scene);
		const view = { x: 0, y: 0, width: size.width / this.scale, height: size.height / this.scale };
		paint(this.canvas, scene, view, size, theme, colourOf);
		this.follow();
	}

	/** Marks what the camera sees; hidden while that is everything. */
	follow(): void {
		if (!this.scene) return;
		const { x, y, width, height } = this.camera().view;
		const { width: wide, height: high } = this.scene;
		const all = x <= 1 && y <= 1 && x + width >= wide - 1 && y + height >= high - 1;
		this.root.hidden = all;
		const { style } = this.seen;
		style.left = `${x * this.scale}px`;
		style.top = `${y * this.scale}px`;
		style.width = `${width * this.scale}px`;
		style.height = `${Math.max(2, height * this.scale)}px`;
	}
}
