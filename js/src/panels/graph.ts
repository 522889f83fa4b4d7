// The model's graph: modules as boxes that open in place, operations between them, tensors as lines.
import { Camera } from "../graph/camera";
import { Colours } from "../graph/colours";
import { showDetails } from "../graph/details";
import { Drawing, svg } from "../graph/draw";
import { save, toPng, toSvg } from "../graph/export";
import { pathOf } from "../graph/highlight";
import { neighbour } from "../graph/keys";
import { createLayouter, type Layouter } from "../graph/layouter";
import { Minimap } from "../graph/minimap";
import { OverlayWatch } from "../graph/overlay-watch";
import { paint } from "../graph/overview";
import type { Direction } from "../graph/placing";
import { compose, type Scene, type SceneBox } from "../graph/scene";
import { type Found, Search } from "../graph/search";
import { HEADER, type Measure, measurer, textOf } from "../graph/sizes";
import { tools, zoomButtons } from "../graph/stage-tools";
import { tableOf } from "../graph/table";
import { GraphTree } from "../graph/tree";
import type { GraphNode, OverlayName } from "../protocol.gen";
import type { RunState } from "../store";
import { readTheme } from "../theme";
import { type Card, card } from "./card";
import { type Context, element, type Mount } from "./panel";
import { isActive, runPicker, selectionOf } from "./selection";

const LOWEST = 200;
const HIGHEST = 540;

export const mountGraph: Mount = (host, context) => {
	const panel = new GraphPanel(host, context, createLayouter());
	return () => panel.remove();
};

/** Draws the graph of the chosen run's model, once there is one and the panel can be seen. */
export class GraphPanel {
	private readonly card: Card;
	private readonly frame = svg("svg", {
		class: "nbviz-graph-frame",
		role: "tree",
		tabindex: 0,
		"aria-label": "Graph of the model",
	});
	private readonly far = element("canvas", "nbviz-graph-far", { "aria-hidden": "true" });
	private readonly drawing = new Drawing();
	private readonly camera: Camera;
	private readonly minimap: Minimap;
	private readonly search: Search;
	private readonly colours: Colours;
	private readonly watch: OverlayWatch;
	private readonly note = element("p", "nbviz-graph-note");
	private readonly problem = element("p", "nbviz-empty", { role: "status" });
	private readonly strip = element("div", "nbviz-graph-details", { "aria-live": "polite" });
	private readonly title = element("span", "nbviz-graph-title");
	private readonly stage: HTMLElement;
	private readonly table = element("div", "nbviz-graph-rows");
	private readonly picker: { picker: HTMLElement; update: () => void };
	private readonly cleanups: (() => void)[];
	private measure: Measure;
	private tree: GraphTree | undefined;
	private scene: Scene | undefined;
	private direction: Direction = "TB";
	private run: RunState | undefined;
	private runShown: string | undefined;
	private chosen: string | undefined;
	private hovered: string | undefined;
	private found: ReadonlySet<string> = new Set();
	private wasSeen = false;
	private isTable = false;
	private painting = 0;

	constructor(
		host: HTMLElement,
		private readonly context: Context,
		private readonly layouter: Layouter,
	) {
		this.card = card(host, "Model", "nbviz-graph");
		this.measure = measurer(fontOf(context.root));
		this.picker = runPicker(context);
		this.frame.append(this.drawing.world);
		this.camera = new Camera(this.frame, this.drawing.world, () => this.moved());
		this.minimap = new Minimap(() => this.camera);
		this.search = new Search(
			() => this.tree,
			(found, go) => this.showFound(found, go),
		);
		this.colours = new Colours(
			() => this.recolour(),
			(boxes) => void this.revealAll(boxes),
		);
		this.watch = new OverlayWatch(context.asker, (reason) => this.warn(reason));
		const buttons = zoomButtons(
			(factor) => this.camera.zoom(factor),
			() => this.camera.fit(),
		);
		this.stage = element(
			"div",
			"nbviz-graph-stage",
			{},
			this.far,
			this.frame,
			this.minimap.root,
			buttons,
		);
		this.card.root.querySelector("h3")?.append(this.title);
		this.card.tools.append(
			this.picker.picker,
			this.search.root,
			this.colours.menu,
			...this.tools(),
		);
		this.card.body.append(
			this.problem,
			this.colours.legend,
			this.stage,
			this.table,
			this.strip,
			this.note,
		);
		this.listen();
		this.describe();
		const seen = new IntersectionObserver((entries) => {
			const isSeen = entries.some((entry) => entry.isIntersecting);
			this.watch.see(isSeen);
			if (!isSeen || this.wasSeen) return;
			this.wasSeen = true;
			this.update();
		});
		seen.observe(this.card.root);
		const resized = new ResizeObserver(() => this.camera.resize());
		resized.observe(this.stage);
		this.cleanups = [
			() => seen.disconnect(),
			() => resized.disconnect(),
			context.onTheme(() => this.repaint()),
			context.store.subscribe((topics) => {
				if (topics.has("runs")) this.update();
				if (topics.has("overlays") || topics.has("progress")) this.refresh();
			}),
			selectionOf(context).subscribe(() => this.update()),
		];
		this.update();
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
		cancelAnimationFrame(this.painting);
		this.watch.remove();
		this.layouter.close();
		this.card.root.remove();
	}

	/** Shows the chosen run's graph; hides the panel while no run has one. */
	private update(): void {
		this.picker.update();
		const runs = [...this.context.store.runs.values()].filter((run) => run.has_graph);
		const chosen = selectionOf(this.context).run;
		const run = chosen?.has_graph ? chosen : runs[0];
		this.card.root.hidden = !run;
		this.run = run;
		if (!run || !this.wasSeen) return;
		this.follow();
		if (run.run_id === this.runShown) return;
		this.runShown = run.run_id;
		void this.begin(run.run_id);
	}

	private async begin(run_id: string): Promise<void> {
		let overlays: readonly OverlayName[] = [];
		const tree = new GraphTree(async (scopes) => {
			const answer = await this.context.asker.ask({ kind: "send_graph", run_id, scopes });
			if (answer.kind !== "graph_sent") return [];
			({ overlays } = answer);
			return answer.levels;
		});
		this.tree = tree;
		this.scene = undefined;
		this.say("Tracing the model…");
		try {
			await tree.openAtAGlance();
			if (this.tree !== tree || !tree.root) return;
			this.title.textContent = tree.root.title;
			this.title.title = tree.root.title;
			this.warn(tree.root.note);
			this.colours.offer(overlays);
			await this.redraw();
		} catch (error) {
			if (this.tree === tree) this.say(messageOf(error));
		}
	}

	private say(problem: string): void {
		this.problem.textContent = problem;
		this.problem.hidden = problem === "";
		this.stage.hidden = problem !== "" || this.isTable;
		this.table.hidden = problem !== "" || !this.isTable;
		this.strip.hidden = problem !== "";
	}

	private warn(text: string): void {
		this.note.textContent = text;
		this.note.hidden = text === "";
	}

	// ---------------------------------------------------------------- drawing

	/** Lays the graph out anew; the box `fixed` stays where it is on the screen. */
	private async redraw(fixed?: string): Promise<void> {
		const { tree, direction } = this;
		if (!tree) return;
		const text = (node: GraphNode, open: boolean) => textOf(node, this.measure, open);
		const layout = await this.layouter.layout(tree.plan("", text), direction);
		if (tree !== this.tree || direction !== this.direction) return;
		const before = this.scene;
		const scene = compose(tree, layout, direction, text);
		this.scene = scene;
		this.say("");
		if (this.isTable) this.table.replaceChildren(tableOf(tree, (id) => void this.toggle(id)));
		const [from, to] = [before, scene].map((one) => one && boxOf(one, fixed));
		const room = Math.min(HIGHEST, Math.max(LOWEST, Math.ceil(scene.height + 30)));
		const least = before ? this.stage.clientHeight : 0;
		this.stage.style.height = `${Math.max(room, least)}px`;
		if (before && from && to) {
			// A box grows to both sides of its middle, so all above it stays where it is.
			this.camera.follow(scene, [from.x + from.width / 2, from.y], [to.x + to.width / 2, to.y]);
			this.camera.reveal(to);
		} else this.camera.begin(scene);
		this.drawing.show(scene, this.camera.view);
		if (this.chosen !== undefined && !tree.node(this.chosen)) this.chosen = undefined;
		this.recolour();
		this.describe();
		this.card.root.dataset.nodes = String(scene.boxes.length);
		this.card.root.dataset.ready = "true";
	}

	/** After the camera has moved: draws what has come into sight. */
	private moved(): void {
		this.minimap?.follow();
		if (!this.scene || this.painting !== 0) return;
		this.painting = requestAnimationFrame(() => {
			this.painting = 0;
			if (this.drawing.look(this.camera.view)) this.dress();
			if (this.drawing.isFar || !this.far.hidden) this.paintFar();
		});
	}

	private paintFar(): void {
		this.far.hidden = !this.drawing.isFar;
		if (!this.scene || !this.drawing.isFar) return;
		const { clientWidth, clientHeight } = this.frame;
		const size = { width: clientWidth || 800, height: clientHeight || 400 };
		paint(this.far, this.scene, this.camera.view, size, readTheme(this.context.root), (box) =>
			this.plainColour(box),
		);
	}

	/** Canvases cannot read the page's variables: they are put in. */
	private plainColour({ node }: SceneBox): string | undefined {
		const colour = this.colours.colour(node.node_id);
		if (colour === undefined)
			return this.colours.isOn ? readTheme(this.context.root).border : colour;
		const style = getComputedStyle(this.card.root);
		return colour.replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
	}

	private repaint(): void {
		if (!this.scene) return;
		const theme = readTheme(this.context.root);
		this.minimap.show(this.scene, theme, (box) => this.plainColour(box));
		this.paintFar();
	}

	/** Gives what is drawn the marks of what is chosen, found, pointed at and measured. */
	private dress(): void {
		const { scene, chosen, hovered, colours, tree } = this;
		const shown = hovered ?? chosen;
		const path = scene && shown !== undefined ? pathOf(scene, shown) : undefined;
		const first = tree ? visibleOf(tree, colours.first) : undefined;
		this.frame.classList.toggle("nbviz-graph-dims", path !== undefined && hovered !== undefined);
		this.frame.classList.toggle("nbviz-graph-coloured", colours.isOn);
		this.drawing.eachBox((group, id) => {
			const mark = (name: string, on: boolean) => group.classList.toggle(`nbviz-graph-${name}`, on);
			mark("chosen", id === chosen);
			mark("on", path?.ends.has(id) === true);
			mark("match", this.found.has(id));
			mark("first", id === first);
			group.setAttribute("aria-selected", String(id === chosen));
			const colour = colours.colour(id);
			mark("valued", colour !== undefined);
			if (colour === undefined) group.style.removeProperty("--overlay");
			else group.style.setProperty("--overlay", colour);
			const text = group.querySelector<SVGTextElement>(".nbviz-graph-shape");
			if (!text) return;
			text.dataset.shape ??= text.textContent ?? "";
			const value = colours.text(id) ?? text.dataset.shape;
			if (text.textContent !== value) text.textContent = value;
		});
		this.drawing.eachLine((group, id) => {
			group.classList.toggle("nbviz-graph-on", path?.lines.has(id) === true);
			group.classList.toggle("nbviz-graph-near", path?.near.has(id) === true);
		});
	}

	// ---------------------------------------------------------------- colours

	private recolour(): void {
		this.follow();
		this.refresh();
		this.repaint();
	}

	/** Tells the kernel what is to be measured: of the boxes in the scene, the nearest ones first. */
	private follow(): void {
		const { boxes = [] } = this.scene ?? {};
		const ids = boxes.filter(({ node }) => node.kind !== "input" && node.kind !== "output");
		this.watch.follow(
			this.run,
			this.scene ? this.colours.overlay : "",
			ids.map(({ node }) => node.node_id),
		);
	}

	private refresh(): void {
		if (!this.scene) return;
		const { overlay } = this.colours;
		const picture = overlay ? this.run?.overlays.get(overlay) : undefined;
		const isOn = this.run !== undefined && isActive(this.run);
		this.colours.update(
			this.tree,
			picture,
			isOn ? "Measuring…" : "Values come with the next step.",
		);
		this.dress();
		if (overlay) this.repaint();
		if (overlay && this.chosen !== undefined) this.describe();
		this.card.root.dataset.overlay = picture ? `${overlay} ${picture.step}` : overlay;
	}

	// ---------------------------------------------------------------- acting

	private async toggle(id: string): Promise<void> {
		const node = this.tree?.node(id);
		if (!this.tree || !node || node.child_count === 0) return;
		try {
			await this.tree.setOpen(id, !this.tree.open.has(id));
			await this.redraw(id);
		} catch (error) {
			this.warn(messageOf(error));
		}
	}

	private choose(id: string | undefined): void {
		this.chosen = id;
		const path = id === undefined ? "" : (this.tree?.node(id)?.path ?? "");
		if (path) selectionOf(this.context).showModule(path);
		this.describe();
		this.dress();
	}

	private describe(): void {
		const { chosen: id } = this;
		const node = id === undefined ? undefined : this.tree?.node(id);
		const lines = this.scene?.lines.filter(({ to, shape }) => to === id && shape) ?? [];
		const inputs = lines.map(({ shape }) => shape.replaceAll("×", " × ")).join(", ");
		const { overlay } = this.colours;
		const value = id === undefined ? undefined : this.colours.text(id);
		showDetails(this.strip, node, inputs, {
			run: this.run,
			measured: overlay && value !== undefined ? { overlay, value } : undefined,
			root: this.context.root,
		});
	}

	/** Shows what leads to a box and from it, and dims the rest. */
	private point(id: string | undefined): void {
		if (id === this.hovered) return;
		this.hovered = id;
		this.dress();
	}

	private showFound({ ids, current }: Found, go: boolean): void {
		this.found = new Set(ids);
		this.dress();
		if (go && current !== undefined && this.tree) {
			void this.tree.reveal(current).then(() => this.goTo(current));
		}
	}

	/** Opens boxes, the outermost first, and goes to the last of them. */
	private async revealAll(boxes: readonly string[]): Promise<void> {
		const last = boxes.at(-1);
		for (const id of boxes.slice(0, -1)) await this.tree?.setOpen(id, true);
		if (last !== undefined) await this.goTo(last);
	}

	private async goTo(id: string): Promise<void> {
		await this.redraw(this.scene?.boxes[0]?.node.node_id);
		const box = this.scene && boxOf(this.scene, id);
		this.choose(id);
		if (box) this.camera.center(box.x + box.width / 2, box.y + Math.min(box.height, 300) / 2);
	}

	private listen(): void {
		const idOf = (event: Event) =>
			(event.target as Element).closest<SVGGElement>("[data-node-id]")?.dataset.nodeId;
		this.frame.addEventListener("click", (event) => {
			const id = idOf(event);
			this.choose(id);
			const isOpener = (event.target as Element).classList.contains("nbviz-graph-opener");
			if (id !== undefined && isOpener) void this.toggle(id);
		});
		this.frame.addEventListener("dblclick", (event) => {
			const id = idOf(event);
			const box = this.scene && boxOf(this.scene, id);
			const isOpener = (event.target as Element).classList.contains("nbviz-graph-opener");
			if (!box || id === undefined || isOpener) return;
			const { top } = this.frame.getBoundingClientRect();
			const { y, height } = this.camera.view;
			const at = y + ((event.clientY - top) / (this.frame.clientHeight || 1)) * height;
			// Inside of an open box there is room to double-click without closing it.
			if (!box.open || at - box.y < HEADER) void this.toggle(id);
		});
		this.frame.addEventListener("pointerover", (event) => this.point(idOf(event)));
		this.frame.addEventListener("pointerleave", () => this.point(undefined));
		this.frame.addEventListener("keydown", (event) => {
			if (this.press(event)) event.preventDefault();
		});
	}

	private press({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
		if (!this.scene || ctrlKey || metaKey || altKey) return false;
		const next = neighbour(this.scene, this.chosen, key);
		if (next !== undefined) {
			const box = boxOf(this.scene, next);
			if (box) this.camera.reveal(box);
			this.choose(next);
		} else if ((key === "Enter" || key === " ") && this.chosen) void this.toggle(this.chosen);
		else if (key === "Escape") this.choose(undefined);
		else if (key === "+" || key === "=") this.camera.zoom(1.25);
		else if (key === "-") this.camera.zoom(0.8);
		else if (key === "0") this.camera.fit();
		else if (key === "/") this.search.focus();
		else return key.startsWith("Arrow");
		return true;
	}

	private tools(): HTMLElement[] {
		return tools({
			direct: (chosen) => {
				this.direction = chosen;
				this.scene = undefined;
				void this.redraw();
			},
			view: (chosen) => {
				this.isTable = chosen === "table";
				void this.redraw(this.scene?.boxes[0]?.node.node_id);
			},
			saveSvg: () => save(new Blob([this.file()], { type: "image/svg+xml" }), "model.svg"),
			savePng: () =>
				void toPng(this.file()).then(
					(png) => save(png, "model.png"),
					(error: Error) => this.warn(error.message),
				),
		});
	}

	/** The whole graph as SVG, also what is out of sight. */
	private file(): string {
		if (!this.scene) return "";
		this.drawing.show(this.scene);
		this.dress();
		const background = getComputedStyle(this.card.root).backgroundColor;
		const file = toSvg(this.drawing.world, this.scene, background);
		this.drawing.show(this.scene, this.camera.view);
		this.dress();
		return file;
	}
}

/** The innermost of nested boxes that is drawn: all around it are open. */
function visibleOf(tree: GraphTree, boxes: readonly string[]): string | undefined {
	return boxes.find((id) => !tree.open.has(id)) ?? boxes.at(-1);
}

function boxOf(scene: Scene, id: string | undefined): SceneBox | undefined {
	return scene.boxes.find(({ node }) => node.node_id === id);
}

function fontOf(root: Element): string {
	return getComputedStyle(root).getPropertyValue("--nbviz-font").trim() || "sans-serif";
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
