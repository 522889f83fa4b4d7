// The drawing itself: boxes and edges as elements near what is in sight, from afar a canvas, and the
// minimap; and the marks of what is chosen, found, pointed at and measured.
import { element } from "../../../ui/element";
import { readTheme } from "../../../ui/theme";
import type { Colours } from "../overlays/colours";
import { Camera, type Covered } from "./camera";
import { Drawing, svg } from "./drawing";
import { toSvg } from "./export";
import { pathOf } from "./highlight";
import { Minimap, sizeOfMinimap } from "./minimap";
import { paint } from "./overview";
import type { Scene, SceneBox } from "./scene";
import { zoomButtons } from "./tools";

const LOWEST = 200;
const HIGHEST = 540;
/** What else is in the tab of a workspace: the tools above the drawing and the strip below it. */
const BESIDES = 118;
/** Around the drawing, and what the zoom buttons take of it: a column, or a row. */
const AROUND = 30;
const BUTTONS = 46;
/** Between the minimap and the frame's edge and the drawing. */
const BESIDE_MINIMAP = 16;

/** What boxes are marked for, by their ids. */
export interface Marks {
	readonly chosen: string | undefined;
	readonly hovered: string | undefined;
	readonly found: ReadonlySet<string>;
	/** What made the first NaN, or the closed box around it. */
	readonly first: string | undefined;
	/** From which box on a step broke, and whether that went on against the edges. */
	readonly broken: { readonly id: string; readonly isBackward: boolean } | undefined;
}

export class GraphViewport {
	readonly root: HTMLElement;
	readonly frame = svg("svg", {
		class: "nbviz-graph-frame",
		role: "tree",
		tabindex: 0,
		"aria-label": "Graph of the model",
	});
	readonly camera: Camera;
	scene: Scene | undefined;
	private readonly far = element("canvas", "nbviz-graph-far", { "aria-hidden": "true" });
	private readonly drawing = new Drawing();
	private readonly minimap: Minimap;
	private readonly resized = new ResizeObserver(() => this.camera.resize());
	private marks: Marks = {
		chosen: undefined,
		hovered: undefined,
		found: new Set(),
		first: undefined,
		broken: undefined,
	};
	private painting = 0;

	constructor(
		/** The element with class `nbviz`, for reading the theme. */
		private readonly view: HTMLElement,
		private readonly colours: Colours,
	) {
		this.frame.append(this.drawing.world);
		this.camera = new Camera(this.frame, this.drawing.world, () => this.moved());
		this.minimap = new Minimap(() => this.camera);
		const buttons = zoomButtons(
			(factor) => this.camera.zoom(factor),
			() => this.camera.fit(),
		);
		const parts = [this.far, this.frame, this.minimap.root, buttons];
		this.root = element("div", "nbviz-graph-stage", {}, ...parts);
		this.resized.observe(this.root);
	}

	remove(): void {
		this.resized.disconnect();
		cancelAnimationFrame(this.painting);
	}

	/** Shows a scene; the box `fixed` of the scene before stays where it is on the screen. */
	show(scene: Scene, fixed: string | undefined): void {
		const before = this.scene;
		this.scene = scene;
		const [from, to] = [before, scene].map((one) => one && boxOf(one, fixed));
		const covered = this.coveredBy(scene);
		this.camera.covered = covered;
		this.root.dataset.direction = scene.direction;
		const needed = Math.ceil(scene.height + AROUND) + covered.top + covered.bottom;
		const room = Math.min(this.highest, Math.max(LOWEST, needed));
		const least = before ? this.root.clientHeight : 0;
		this.root.style.height = `${Math.max(room, least)}px`;
		if (before && from && to) {
			// A box grows to both sides of its middle, so all above it stays where it is.
			this.camera.follow(scene, [from.x + from.width / 2, from.y], [to.x + to.width / 2, to.y]);
			this.camera.reveal(to);
		} else this.camera.begin(scene);
		this.drawing.show(scene, this.camera.view);
	}

	/** A tab shows the whole drawing without being scrolled. */
	private get highest(): number {
		const tab = this.root.closest(".nbviz-inspector > .nbviz-frame");
		return tab ? Math.max(LOWEST, tab.clientHeight - BESIDES) : HIGHEST;
	}

	/** What the buttons and the minimap cover: the side across the direction of the graph. */
	private coveredBy(scene: Scene): Covered {
		const map = sizeOfMinimap(scene);
		const [width, height] = [this.frame.clientWidth || 800, this.highest];
		if (scene.direction === "LR") {
			const isLong = scene.width + AROUND > width;
			return { top: BUTTONS, right: 0, bottom: isLong ? map.height + BESIDE_MINIMAP : 0 };
		}
		const isLong = scene.height + AROUND > height;
		const right = isLong ? Math.max(BUTTONS, map.width + BESIDE_MINIMAP) : BUTTONS;
		return { top: 0, right, bottom: 0 };
	}

	/** Gives what is drawn its marks and colours. */
	applyMarks(marks: Marks = this.marks): void {
		this.marks = marks;
		const { chosen, hovered, found, first, broken } = marks;
		const { scene, colours } = this;
		const shown = hovered ?? chosen;
		const path = scene && shown !== undefined ? pathOf(scene, shown) : undefined;
		const way = broken?.isBackward ? ("backward" as const) : ("forward" as const);
		const lit = scene && broken && pathOf(scene, broken.id, [way]);
		this.frame.classList.toggle("nbviz-graph-breaks", lit !== undefined);
		this.frame.classList.toggle("nbviz-graph-dims", path !== undefined && hovered !== undefined);
		this.frame.classList.toggle("nbviz-graph-coloured", colours.isOn);
		this.drawing.eachBox((group, id) => {
			const mark = (name: string, on: boolean) => group.classList.toggle(`nbviz-graph-${name}`, on);
			mark("chosen", id === chosen);
			mark("on", path?.ends.has(id) === true);
			mark("match", found.has(id));
			mark("first", id === first || id === broken?.id);
			mark("lit", lit?.ends.has(id) === true);
			group.setAttribute("aria-selected", String(id === chosen));
			const colour = colours.colour(id);
			mark("valued", colour !== undefined);
			if (colour === undefined) group.style.removeProperty("--overlay");
			else group.style.setProperty("--overlay", colour);
			const text = group.querySelector<SVGTextElement>(".nbviz-graph-shape");
			if (!text) return;
			text.dataset.shape ??= text.textContent ?? "";
			const value = colours.text(id);
			text.classList.toggle("nbviz-graph-value", value !== undefined);
			const said = value ?? text.dataset.shape;
			if (text.textContent !== said) text.textContent = said;
		});
		this.drawing.eachLine((group, id) => {
			group.classList.toggle("nbviz-graph-on", path?.edges.has(id) === true);
			group.classList.toggle("nbviz-graph-lit", lit?.edges.has(id) === true);
			group.classList.toggle("nbviz-graph-near", path?.near.has(id) === true);
		});
	}

	/** Paints the canvases anew, after colours have changed. */
	repaint(): void {
		if (!this.scene) return;
		const theme = readTheme(this.view);
		this.minimap.show(this.scene, theme, this.plainColours(theme.border));
		this.paintFar();
	}

	/** The whole graph as SVG, also what is out of sight. */
	file(): string {
		if (!this.scene) return "";
		this.drawing.show(this.scene);
		this.applyMarks();
		const { backgroundColor } = getComputedStyle(this.root.closest(".nbviz-panel") ?? this.root);
		const file = toSvg(this.drawing.world, this.scene, backgroundColor);
		this.drawing.show(this.scene, this.camera.view);
		this.applyMarks();
		return file;
	}

	/** After the camera has moved: draws what has come into sight. */
	private moved(): void {
		this.minimap?.follow();
		if (!this.scene || this.painting !== 0) return;
		this.painting = requestAnimationFrame(() => {
			this.painting = 0;
			if (this.drawing.look(this.camera.view)) this.applyMarks();
			this.paintFar();
		});
	}

	private paintFar(): void {
		this.far.hidden = !this.drawing.isFar;
		if (!this.scene || !this.drawing.isFar) return;
		const { clientWidth, clientHeight } = this.frame;
		const size = { width: clientWidth || 800, height: clientHeight || 400 };
		const theme = readTheme(this.view);
		paint(this.far, this.scene, this.camera.view, size, theme, this.plainColours(theme.border));
	}

	/** The boxes' colours for canvases, which cannot read the page's variables: they are put in. */
	private plainColours(border: string): (box: SceneBox) => string | undefined {
		const style = getComputedStyle(this.root);
		const known = new Map<string, string>();
		const put = (_: string, name: string) => style.getPropertyValue(name).trim();
		return ({ node }) => {
			const colour = this.colours.colour(node.node_id);
			if (colour === undefined) return this.colours.isOn ? border : undefined;
			let plain = known.get(colour);
			if (plain === undefined) {
				plain = colour;
				// A variable may hold another one.
				while (plain.includes("var(")) plain = plain.replace(/var\((--[\w-]+)\)/g, put);
				known.set(colour, plain);
			}
			return plain;
		};
	}
}

/** The box with an id, if the scene has it. */
export function boxOf(scene: Scene, id: string | undefined): SceneBox | undefined {
	return scene.boxes.find(({ node }) => node.node_id === id);
}
