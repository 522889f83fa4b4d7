// A small picture of the whole graph with the part that is seen; a click moves there.
import type { Camera } from "./camera";
import { svg } from "./draw";
import type { Scene } from "./scene";
import { familyOf } from "./sizes";

const WIDTH = 132;
const HEIGHT = 110;

export class Minimap {
	readonly root = svg("svg", { class: "nbviz-graph-minimap", "aria-hidden": "true" });
	private readonly boxes = svg("g");
	private readonly seen = svg("rect", { class: "nbviz-graph-seen" });
	private scene: Scene | undefined;
	private scale = 1;

	constructor(private readonly camera: () => Camera) {
		this.root.append(this.boxes, this.seen);
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

	show(scene: Scene): void {
		this.scene = scene;
		this.scale = Math.min(WIDTH / scene.width, HEIGHT / scene.height);
		this.root.setAttribute("width", String(Math.max(8, scene.width * this.scale)));
		this.root.setAttribute("height", String(Math.max(8, scene.height * this.scale)));
		this.boxes.setAttribute("transform", `scale(${this.scale})`);
		this.boxes.replaceChildren(
			...scene.boxes.map(({ x, y, width, height, node, open }) =>
				svg("rect", {
					x,
					y,
					width,
					height,
					class: open ? "nbviz-graph-open" : `nbviz-family-${familyOf(node)}`,
				}),
			),
		);
		this.follow();
	}

	/** Marks what the camera sees; hidden while that is everything. */
	follow(): void {
		if (!this.scene) return;
		const { x, y, width, height } = this.camera().view;
		const { width: wide, height: high } = this.scene;
		const all = x <= 1 && y <= 1 && x + width >= wide - 1 && y + height >= high - 1;
		this.root.toggleAttribute("hidden", all);
		for (const [name, value] of Object.entries({ x, y, width, height })) {
			this.seen.setAttribute(name, String(value * this.scale));
		}
	}
}
