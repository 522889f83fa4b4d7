// The model's graph: modules as boxes that open in place, operations between them, tensors as lines.
import { autogradKey } from "../graph/autograd";
import { Colours } from "../graph/colours";
import { seriesOf, showDetails } from "../graph/details";
import { showElsewhere } from "../graph/elsewhere";
import { save, toPng } from "../graph/export";
import { neighbour } from "../graph/keys";
import { createLayouter, type Layouter } from "../graph/layouter";
import { OverlayWatch } from "../graph/overlay-watch";
import type { Direction } from "../graph/placing";
import { compose } from "../graph/scene";
import { type Found, Search } from "../graph/search";
import { HEADER, type Measure, measurer, textOf } from "../graph/sizes";
import { boxOf, GraphStage } from "../graph/stage";
import { tools } from "../graph/stage-tools";
import { tableOf } from "../graph/table";
import { GraphTree } from "../graph/tree";
import type { GraphNode, OverlayName } from "../protocol.gen";
import type { RunState } from "../store";
import { type Card, card } from "./card";
import { type Context, element, type Mount } from "./panel";
import { runPicker, selectionOf } from "./selection";

export const mountGraph: Mount = (host, context) => {
	const panel = new GraphPanel(host, context, createLayouter());
	return () => panel.remove();
};

/** Draws the graph of the chosen run's model, once there is one and the panel can be seen. */
export class GraphPanel {
	private readonly card: Card;
	private readonly search: Search;
	private readonly colours: Colours;
	private readonly watch: OverlayWatch;
	private readonly note = element("p", "nbviz-graph-note");
	private readonly problem = element("p", "nbviz-empty", { role: "status" });
	private readonly strip = element("div", "nbviz-graph-details", { "aria-live": "polite" });
	private readonly title = element("span", "nbviz-graph-title");
	private readonly keys = element("div", "nbviz-graph-keys");
	private readonly stage: GraphStage;
	private readonly table = element("div", "nbviz-graph-rows");
	private readonly picker: { picker: HTMLElement; update: () => void };
	private readonly cleanups: (() => void)[];
	private measure: Measure;
	private tree: GraphTree | undefined;
	private direction: Direction = "TB";
	private run: RunState | undefined;
	private runShown: string | undefined;
	private chosen: string | undefined;
	private hovered: string | undefined;
	private found: ReadonlySet<string> = new Set();
	/** Versions of the series of the chosen module, when it was chosen. */
	private awaits = "";
	private wasSeen = false;
	private isTable = false;

	constructor(
		host: HTMLElement,
		private readonly context: Context,
		private readonly layouter: Layouter,
	) {
		this.card = card(host, context, "Model", "nbviz-graph");
		this.measure = measurer(fontOf(context.root));
		this.picker = runPicker(context);
		this.search = new Search(
			() => this.tree,
			(found, go) => this.showFound(found, go),
		);
		this.colours = new Colours(
			() => this.recolour(),
			(boxes) => void this.revealAll(boxes),
		);
		this.watch = new OverlayWatch(context.asker, (reason) => this.warn(reason));
		this.stage = new GraphStage(context.root, this.colours);
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
			this.keys,
			this.stage.root,
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
		this.cleanups = [
			() => seen.disconnect(),
			context.onTheme(() => this.stage.repaint()),
			context.store.subscribe((topics) => {
				if (topics.has("runs")) this.update();
				if (topics.has("points") && this.awaits) this.tellRecorded();
				const isWaiting = this.colours.isWaiting && topics.has("progress");
				if (topics.has("overlays") || isWaiting) this.refresh();
			}),
			selectionOf(context).subscribe(() => this.update()),
		];
		this.update();
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
		this.stage.remove();
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
		this.stage.scene = undefined;
		this.say("Tracing the model…");
		try {
			await tree.openAtAGlance();
			if (this.tree !== tree || !tree.root) return;
			this.title.textContent = tree.root.title;
			this.title.title = tree.root.title;
			this.keys.replaceChildren(...autogradKey(tree.root));
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
		this.stage.root.hidden = problem !== "" || this.isTable;
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
		const scene = compose(tree, layout, direction, text);
		this.say("");
		if (this.isTable) this.table.replaceChildren(tableOf(tree, (id) => void this.toggle(id)));
		this.stage.show(scene, fixed);
		if (this.chosen !== undefined && !tree.node(this.chosen)) this.chosen = undefined;
		this.recolour();
		this.describe();
		this.card.root.dataset.nodes = String(scene.boxes.length);
		this.card.root.dataset.ready = "true";
	}

	private dress(): void {
		const { chosen, hovered, found, tree } = this;
		const first = tree ? visibleOf(tree, this.colours.first) : undefined;
		this.stage.dress({ chosen, hovered, found, first });
	}

	// ---------------------------------------------------------------- colours

	private recolour(): void {
		this.follow();
		this.refresh();
		this.stage.repaint();
	}

	/** Tells the kernel what is to be measured: of the boxes in the scene, the nearest ones first. */
	private follow(): void {
		const { boxes = [] } = this.stage.scene ?? {};
		const ids = boxes.filter(({ node }) => node.kind !== "input" && node.kind !== "output");
		this.watch.follow(
			this.run,
			this.stage.scene ? this.colours.overlay : "",
			ids.map(({ node }) => node.node_id),
		);
	}

	private refresh(): void {
		if (!this.stage.scene) return;
		const { overlay } = this.colours;
		const picture = overlay ? this.run?.overlays.get(overlay) : undefined;
		const isOn = this.run?.progress?.status === "running";
		this.colours.update(
			this.tree,
			picture,
			isOn ? "Measuring…" : "Values come with the next step.",
		);
		this.dress();
		if (overlay) this.stage.repaint();
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
		this.awaits = "";
		this.tellRecorded();
		this.describe();
		this.dress();
		const node = id === undefined ? undefined : this.tree?.node(id);
		if (node) showElsewhere(this.context, this.run, node, this.stage.root);
	}

	/** Asks for what is recorded of the chosen module, and tells of it once it came. */
	private tellRecorded(): void {
		const { run, chosen: id } = this;
		const path = (id !== undefined && this.tree?.node(id)?.path) || "";
		const drawn = run ? seriesOf(run, path).map((series) => ({ run, series })) : [];
		this.context.watch.want("graph", drawn);
		const versions = drawn.map(({ series }) => series.version).join(" ");
		if (this.awaits && versions !== this.awaits) {
			this.describe();
			this.awaits = "";
		} else this.awaits = versions;
	}

	private describe(): void {
		const { chosen: id } = this;
		const node = id === undefined ? undefined : this.tree?.node(id);
		const lines = this.stage.scene?.lines.filter(({ to, shape }) => to === id && shape) ?? [];
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
		await this.redraw(this.stage.scene?.boxes[0]?.node.node_id);
		const box = this.stage.scene && boxOf(this.stage.scene, id);
		this.choose(id);
		if (box) this.stage.camera.center(box.x + box.width / 2, box.y + Math.min(box.height, 300) / 2);
	}

	private listen(): void {
		const idOf = (event: Event) =>
			(event.target as Element).closest<SVGGElement>("[data-node-id]")?.dataset.nodeId;
		this.stage.frame.addEventListener("click", (event) => {
			const id = idOf(event);
			this.choose(id);
			const isOpener = (event.target as Element).classList.contains("nbviz-graph-opener");
			if (id !== undefined && isOpener) void this.toggle(id);
		});
		this.stage.frame.addEventListener("dblclick", (event) => {
			const id = idOf(event);
			const box = this.stage.scene && boxOf(this.stage.scene, id);
			const isOpener = (event.target as Element).classList.contains("nbviz-graph-opener");
			if (!box || id === undefined || isOpener) return;
			const { top } = this.stage.frame.getBoundingClientRect();
			const { y, height } = this.stage.camera.view;
			const at = y + ((event.clientY - top) / (this.stage.frame.clientHeight || 1)) * height;
			// Inside of an open box there is room to double-click without closing it.
			if (!box.open || at - box.y < HEADER) void this.toggle(id);
		});
		this.stage.frame.addEventListener("pointerover", (event) => this.point(idOf(event)));
		this.stage.frame.addEventListener("pointerleave", () => this.point(undefined));
		this.stage.frame.addEventListener("keydown", (event) => {
			if (this.press(event)) event.preventDefault();
		});
	}

	private press({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
		if (!this.stage.scene || ctrlKey || metaKey || altKey) return false;
		const next = neighbour(this.stage.scene, this.chosen, key);
		if (next !== undefined) {
			const box = boxOf(this.stage.scene, next);
			if (box) this.stage.camera.reveal(box);
			this.choose(next);
		} else if ((key === "Enter" || key === " ") && this.chosen) void this.toggle(this.chosen);
		else if (key === "Escape") this.choose(undefined);
		else if (key === "+" || key === "=") this.stage.camera.zoom(1.25);
		else if (key === "-") this.stage.camera.zoom(0.8);
		else if (key === "0") this.stage.camera.fit();
		else if (key === "/") this.search.focus();
		else return key.startsWith("Arrow");
		return true;
	}

	private tools(): HTMLElement[] {
		return tools({
			direct: (chosen) => {
				this.direction = chosen;
				this.stage.scene = undefined;
				void this.redraw();
			},
			view: (chosen) => {
				this.isTable = chosen === "table";
				void this.redraw(this.stage.scene?.boxes[0]?.node.node_id);
			},
			saveSvg: () => save(new Blob([this.stage.file()], { type: "image/svg+xml" }), "model.svg"),
			savePng: () =>
				void toPng(this.stage.file()).then(
					(png) => save(png, "model.png"),
					(error: Error) => this.warn(error.message),
				),
		});
	}
}

/** The innermost of nested boxes that is drawn: all around it are open. */
function visibleOf(tree: GraphTree, boxes: readonly string[]): string | undefined {
	return boxes.find((id) => !tree.open.has(id)) ?? boxes.at(-1);
}

function fontOf(root: Element): string {
	return getComputedStyle(root).getPropertyValue("--nbviz-font").trim() || "sans-serif";
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
