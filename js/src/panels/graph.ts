// The model's graph: modules as boxes that open in place, operations between them, tensors as lines.
import { Camera } from "../graph/camera";
import { showDetails } from "../graph/details";
import { Drawing, svg } from "../graph/draw";
import { save, toPng, toSvg } from "../graph/export";
import { pathOf } from "../graph/highlight";
import { neighbour } from "../graph/keys";
import { createLayouter, type Layouter } from "../graph/layouter";
import { Minimap } from "../graph/minimap";
import type { Direction } from "../graph/placing";
import { compose, type Scene, type SceneBox } from "../graph/scene";
import { type Found, Search } from "../graph/search";
import { HEADER, type Measure, measurer, textOf } from "../graph/sizes";
import { tableOf } from "../graph/table";
import { GraphTree } from "../graph/tree";
import type { GraphNode } from "../protocol.gen";
import { type Card, card } from "./card";
import { type Context, element, type Mount } from "./panel";
import { segments } from "./segments";
import { runPicker, selectionOf } from "./selection";

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
	private readonly drawing = new Drawing();
	private readonly camera: Camera;
	private readonly minimap: Minimap;
	private readonly search: Search;
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
	private runShown: string | undefined;
	private chosen: string | undefined;
	private isSeen = false;
	private isTable = false;

	constructor(
		host: HTMLElement,
		private readonly context: Context,
		private readonly layouter: Layouter,
	) {
		this.card = card(host, "Model", "nbviz-graph");
		this.measure = measurer(fontOf(context.root));
		this.picker = runPicker(context);
		this.frame.append(this.drawing.world);
		this.camera = new Camera(this.frame, this.drawing.world, () => this.minimap?.follow());
		this.minimap = new Minimap(() => this.camera);
		this.search = new Search(
			() => this.tree,
			(found, go) => this.showFound(found, go),
		);
		this.stage = element(
			"div",
			"nbviz-graph-stage",
			{},
			this.frame,
			this.minimap.root,
			this.zoomButtons(),
		);
		this.card.root.querySelector("h3")?.append(this.title);
		this.card.tools.append(this.picker.picker, this.search.root, ...this.tools());
		this.card.body.append(this.problem, this.stage, this.table, this.strip, this.note);
		this.listen();
		showDetails(this.strip, undefined, "");
		const observer = new IntersectionObserver((entries) => {
			if (!entries.some((entry) => entry.isIntersecting)) return;
			observer.disconnect();
			this.isSeen = true;
			this.update();
		});
		observer.observe(this.card.root);
		this.cleanups = [
			() => observer.disconnect(),
			context.store.subscribe((topics) => topics.has("runs") && this.update()),
			selectionOf(context).subscribe(() => this.update()),
		];
		this.update();
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
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
		if (!run || !this.isSeen || run.run_id === this.runShown) return;
		this.runShown = run.run_id;
		void this.begin(run.run_id);
	}

	private async begin(run_id: string): Promise<void> {
		const tree = new GraphTree(async (scopes) => {
			const answer = await this.context.asker.ask({ kind: "send_graph", run_id, scopes });
			return answer.kind === "graph_sent" ? answer.levels : [];
		});
		this.tree = tree;
		this.scene = undefined;
		this.say("Tracing the model…");
		try {
			await tree.openAtAGlance();
			if (this.tree !== tree || !tree.root) return;
			this.title.textContent = tree.root.title;
			this.note.textContent = tree.root.note;
			this.note.hidden = tree.root.note === "";
			await this.redraw();
		} catch (error) {
			if (this.tree === tree) this.say(error instanceof Error ? error.message : String(error));
		}
	}

	private say(problem: string): void {
		this.problem.textContent = problem;
		this.problem.hidden = problem === "";
		this.stage.hidden = problem !== "" || this.isTable;
		this.table.hidden = problem !== "" || !this.isTable;
		this.strip.hidden = problem !== "";
	}

	/** Lays the graph out anew; the box `fixed` stays where it is on the screen. */
	private async redraw(fixed?: string): Promise<void> {
		const { tree } = this;
		if (!tree) return;
		const text = (node: GraphNode, open: boolean) => textOf(node, this.measure, open);
		const { direction } = this;
		const layout = await this.layouter.layout(tree.plan("", text), direction);
		if (tree !== this.tree || direction !== this.direction) return;
		const before = this.scene;
		const scene = compose(tree, layout, direction, text);
		this.scene = scene;
		this.say("");
		if (this.isTable) this.table.replaceChildren(tableOf(tree, (id) => void this.toggle(id)));
		this.drawing.show(scene);
		const [from, to] = [before, scene].map((one) => one && boxOf(one, fixed));
		const room = Math.min(540, Math.max(200, Math.ceil(scene.height + 30)));
		this.stage.style.height = `${Math.max(room, this.stage.clientHeight)}px`;
		if (before && from && to) {
			// A box grows to both sides of its middle, so all above it stays where it is.
			this.camera.follow(scene, [from.x + from.width / 2, from.y], [to.x + to.width / 2, to.y]);
			this.camera.reveal(to);
		} else this.camera.begin(scene);
		this.minimap.show(scene);
		this.choose(this.chosen && tree.node(this.chosen) ? this.chosen : undefined);
		this.card.root.dataset.nodes = String(scene.boxes.length);
		this.card.root.dataset.ready = "true";
	}

	private async toggle(id: string): Promise<void> {
		const node = this.tree?.node(id);
		if (!this.tree || !node || node.child_count === 0) return;
		try {
			await this.tree.setOpen(id, !this.tree.open.has(id));
			await this.redraw(id);
		} catch (error) {
			this.note.textContent = error instanceof Error ? error.message : String(error);
			this.note.hidden = false;
		}
	}

	private choose(id: string | undefined): void {
		this.chosen = id;
		const node = id === undefined ? undefined : this.tree?.node(id);
		this.drawing.eachBox((group, one) => {
			group.classList.toggle("nbviz-graph-chosen", one === id);
			group.setAttribute("aria-selected", String(one === id));
		});
		showDetails(this.strip, node, id === undefined ? "" : this.inputsOf(id));
		this.highlight(undefined);
	}

	private inputsOf(id: string): string {
		const lines = this.scene?.lines.filter(({ to, shape }) => to === id && shape) ?? [];
		return lines.map(({ shape }) => shape.replaceAll("×", " × ")).join(", ");
	}

	/** Shows what leads to a box and from it, and dims the rest. */
	private highlight(id: string | undefined): void {
		const shown = id ?? this.chosen;
		const path = this.scene && shown !== undefined ? pathOf(this.scene, shown) : undefined;
		this.frame.classList.toggle("nbviz-graph-dims", path !== undefined && id !== undefined);
		this.drawing.eachBox((group, one) =>
			group.classList.toggle("nbviz-graph-on", path?.ends.has(one) === true),
		);
		this.drawing.eachLine((group, one) => {
			group.classList.toggle("nbviz-graph-on", path?.lines.has(one) === true);
			group.classList.toggle("nbviz-graph-near", path?.near.has(one) === true);
		});
	}

	private showFound({ ids, current }: Found, go: boolean): void {
		const { tree } = this;
		const found = new Set(ids);
		this.drawing.eachBox((group, id) => group.classList.toggle("nbviz-graph-match", found.has(id)));
		if (!go || current === undefined || !tree) return;
		void tree.reveal(current).then(async () => {
			await this.redraw(this.scene?.boxes[0]?.node.node_id);
			this.goTo(current);
			this.drawing.eachBox((group, id) =>
				group.classList.toggle("nbviz-graph-match", found.has(id)),
			);
		});
	}

	private goTo(id: string): void {
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
			const box = this.scene && boxOf(this.scene, id);
			if (!box || id === undefined) return;
			const { top } = this.frame.getBoundingClientRect();
			const { y, height } = this.camera.view;
			const at = y + ((event.clientY - top) / (this.frame.clientHeight || 1)) * height;
			if (!box.open || at - box.y < HEADER) void this.toggle(id);
		});
		this.frame.addEventListener("pointerover", (event) => this.highlight(idOf(event)));
		this.frame.addEventListener("pointerleave", () => this.highlight(undefined));
		this.frame.addEventListener("keydown", (event) => {
			if (this.press(event)) event.preventDefault();
		});
	}

	private press({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
		if (!this.scene || ctrlKey || metaKey || altKey) return false;
		const next = neighbour(this.scene, this.chosen, key);
		if (next !== undefined) {
			this.choose(next);
			const box = boxOf(this.scene, next);
			if (box) this.camera.reveal(box);
		} else if ((key === "Enter" || key === " ") && this.chosen) void this.toggle(this.chosen);
		else if (key === "Escape") this.choose(undefined);
		else if (key === "+" || key === "=") this.camera.zoom(1.25);
		else if (key === "-") this.camera.zoom(0.8);
		else if (key === "0") this.camera.fit();
		else if (key === "/") this.search.focus();
		else return key.startsWith("Arrow");
		return true;
	}

	private zoomButtons(): HTMLElement {
		const button = (text: string, label: string, act: () => void) => {
			const made = element(
				"button",
				"nbviz-button nbviz-button-small",
				{ type: "button", title: label, "aria-label": label },
				text,
			);
			made.addEventListener("click", act);
			return made;
		};
		return element(
			"div",
			"nbviz-graph-zoom",
			{},
			button("+", "Zoom in", () => this.camera.zoom(1.25)),
			button("−", "Zoom out", () => this.camera.zoom(0.8)),
			button("Fit", "Show the whole graph", () => this.camera.fit()),
		);
	}

	private tools(): HTMLElement[] {
		const direction = segments<Direction>("Direction", { "↓": "TB", "→": "LR" }, "TB", (chosen) => {
			this.direction = chosen;
			this.scene = undefined;
			void this.redraw();
		});
		const view = segments<"graph" | "table">(
			"View",
			{ Graph: "graph", Table: "table" },
			"graph",
			(chosen) => {
				this.isTable = chosen === "table";
				void this.redraw(this.scene?.boxes[0]?.node.node_id);
			},
		);
		const button = (text: string, act: () => void) => {
			const made = element(
				"button",
				"nbviz-button nbviz-button-quiet nbviz-button-small",
				{ type: "button", title: `Save as ${text}` },
				text,
			);
			made.addEventListener("click", act);
			return made;
		};
		const file = () => {
			if (!this.scene) return "";
			return toSvg(
				this.drawing.world,
				this.scene,
				getComputedStyle(this.card.root).backgroundColor,
			);
		};
		return [
			direction,
			view,
			button("SVG", () => save(new Blob([file()], { type: "image/svg+xml" }), "model.svg")),
			button(
				"PNG",
				() =>
					void toPng(file()).then(
						(png) => save(png, "model.png"),
						(error: Error) => {
							this.note.textContent = error.message;
							this.note.hidden = false;
						},
					),
			),
		];
	}
}

function boxOf(scene: Scene, id: string | undefined): SceneBox | undefined {
	return scene.boxes.find(({ node }) => node.node_id === id);
}

function fontOf(root: Element): string {
	return getComputedStyle(root).getPropertyValue("--nbviz-font").trim() || "sans-serif";
}
