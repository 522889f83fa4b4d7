// The model's graph: modules as boxes that open in place, operations between them, tensors as lines.

import type { GraphNode } from "../../protocol/index.gen";
import type { Context, Mount } from "../../session/panel";
import type { RunState } from "../../session/run";
import { runPicker, selectionOf } from "../../session/selection";
import { element } from "../../ui/element";
import { type Measure, measurer, textOf } from "./drawing/box-text";
import { compose } from "./drawing/compose";
import { listen } from "./drawing/gestures";
import { tools } from "./drawing/tools";
import { boxOf, GraphViewport } from "./drawing/viewport";
import { GraphCard } from "./graph-card";
import { createLayouter, type Layouter } from "./layout/layouter";
import type { Direction } from "./layout/level";
import { BrokenStep } from "./overlays/broken";
import { Colours } from "./overlays/colours";
import { Measuring } from "./overlays/measuring";
import { SelectedBox } from "./selection/selected-box";
import { LoadedTree } from "./tree/loaded-tree";
import { type Found, Search } from "./tree/search";
import type { GraphTree } from "./tree/tree";

const LATER =
	" A loader without a data set to look at shows what the model takes at the first step.";

export const mountGraph: Mount = (host, context) => {
	const panel = new GraphPanel(host, context, createLayouter());
	return () => panel.remove();
};

/** Draws the graph of the chosen run's model, once there is one and the panel can be seen. */
export class GraphPanel {
	private readonly card: GraphCard;
	private readonly search: Search;
	private readonly colours: Colours;
	private readonly measuring: Measuring;
	private readonly broken = new BrokenStep((boxes) => void this.revealAll(boxes));
	private readonly viewport: GraphViewport;
	private readonly selected: SelectedBox;
	private readonly picker: { picker: HTMLElement; update: () => void };
	private readonly cleanups: (() => void)[];
	private readonly measure: Measure;
	/** What is shown, for the chosen box. */
	run: RunState | undefined;
	tree: LoadedTree | undefined;
	private direction: Direction = "TB";
	private runShown: string | undefined;
	private hovered: string | undefined;
	private found: ReadonlySet<string> = new Set();
	private wasSeen = false;

	constructor(
		host: HTMLElement,
		private readonly context: Context,
		private readonly layouter: Layouter,
	) {
		this.measure = measurer(context.root);
		this.picker = runPicker(context);
		this.search = new Search(
			() => this.tree,
			(found, go) => this.showFound(found, go),
		);
		this.colours = new Colours(
			() => this.recolour(),
			(boxes) => void this.revealAll(boxes),
		);
		this.measuring = new Measuring(context.wanted, this.colours, (why) => this.card.warn(why));
		this.viewport = new GraphViewport(context.root, this.colours);
		this.selected = new SelectedBox(
			context,
			this.viewport,
			this.colours,
			() => this,
			(error) => this.card.warn(messageOf(error)),
		);
		this.card = new GraphCard(
			host,
			context,
			{
				legend: element("div", "", {}, this.broken.root, this.colours.legend),
				viewport: this.viewport.root,
				strip: this.selected.strip,
			},
			[this.picker.picker, this.search.root, this.colours.menu, ...this.tools()],
		);
		listen(this.viewport, {
			chosen: () => this.selected.id,
			choose: (id) => this.choose(id),
			toggle: (id) => void this.toggle(id),
			point: (id) => this.point(id),
			search: () => this.search.focus(),
		});
		this.selected.describe();
		const seen = new IntersectionObserver((entries) => {
			const isSeen = entries.some((entry) => entry.isIntersecting);
			this.measuring.see(isSeen);
			if (!isSeen || this.wasSeen) return;
			this.wasSeen = true;
			this.update();
		});
		seen.observe(this.card.root);
		this.cleanups = [
			() => seen.disconnect(),
			context.onTheme(() => this.viewport.repaint()),
			context.store.subscribe((topics) => {
				if (topics.has("runs")) this.update();
				this.selected.updated(topics);
				const isWaiting = this.colours.isWaiting && topics.has("progress");
				if (topics.has("overlays") || isWaiting) this.refresh();
			}),
			selectionOf(context).subscribe(() => this.update()),
		];
		this.update();
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
		this.viewport.remove();
		this.measuring.remove();
		this.layouter.close();
		this.card.root.remove();
	}

	/** Shows the chosen run's graph; hides the panel while no run has one. */
	private update(): void {
		this.picker.update();
		const runs = [...this.context.store.runs.values()].filter((run) => run.has_model);
		const chosen = selectionOf(this.context).run;
		const run = chosen?.has_model ? chosen : runs[0];
		this.card.root.hidden = !run;
		this.run = run;
		if (!run || !this.wasSeen) return;
		this.measuring.follow(run, this.viewport.scene);
		if (run.run_id === this.runShown) return;
		this.runShown = run.run_id;
		void this.begin(run.run_id);
	}

	private async begin(run_id: string): Promise<void> {
		const tree = new LoadedTree(this.context.asker, run_id);
		this.tree = tree;
		this.viewport.scene = undefined;
		const isReady = this.run?.progress?.status === "ready";
		this.card.say(`Tracing the model…${isReady ? LATER : ""}`);
		try {
			await tree.openAsBefore(this.context.viewState);
			if (this.tree !== tree || !tree.root) return;
			this.card.setTitle(tree.root);
			this.colours.offer(tree.overlays);
			await this.redraw();
		} catch (error) {
			if (this.tree === tree) this.card.say(messageOf(error));
		}
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
		tree.remember(this.context.viewState);
		this.card.say("");
		this.fillTable(tree);
		this.viewport.show(scene, fixed);
		this.selected.check();
		this.recolour();
		this.selected.describe();
		this.card.root.dataset.nodes = String(scene.boxes.length);
		this.card.root.dataset.ready = "true";
	}

	private fillTable(tree: GraphTree): void {
		this.card.fillTable(tree, (id) => void this.toggle(id), this.colours);
	}

	private applyMarks(): void {
		const { selected, hovered, found, tree } = this;
		const first = tree?.visible(this.colours.first);
		const broken = tree && this.broken.on(tree);
		this.viewport.applyMarks({ chosen: selected.id, hovered, found, first, broken });
	}

	// ---------------------------------------------------------------- colours

	private recolour(): void {
		this.measuring.follow(this.run, this.viewport.scene);
		this.refresh();
		this.viewport.repaint();
	}

	private refresh(): void {
		if (!this.viewport.scene) return;
		const { overlay } = this.colours;
		this.broken.update(this.run);
		this.card.root.dataset.overlay = this.measuring.take(this.run, this.tree);
		this.applyMarks();
		if (this.tree && !this.card.showMeasured(this.colours)) this.fillTable(this.tree);
		if (overlay) this.viewport.repaint();
		if (overlay && this.selected.id !== undefined) this.selected.describe();
	}

	// ---------------------------------------------------------------- acting

	private async toggle(id: string): Promise<void> {
		const node = this.tree?.node(id);
		if (!this.tree || !node || node.child_count === 0) return;
		try {
			await this.tree.setOpen(id, !this.tree.open.has(id));
			await this.redraw(id);
		} catch (error) {
			this.card.warn(messageOf(error));
		}
	}

	private choose(id: string | undefined): void {
		this.selected.set(id);
		this.applyMarks();
		this.selected.showInPanels();
	}

	/** Shows what leads to a box and from it, and dims the rest. */
	private point(id: string | undefined): void {
		if (id === this.hovered) return;
		this.hovered = id;
		this.applyMarks();
	}

	private showFound({ ids, current }: Found, go: boolean): void {
		this.found = new Set(ids);
		this.applyMarks();
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
		await this.redraw(this.viewport.scene?.boxes[0]?.node.node_id);
		const box = this.viewport.scene && boxOf(this.viewport.scene, id);
		this.choose(id);
		if (box)
			this.viewport.camera.center(box.x + box.width / 2, box.y + Math.min(box.height, 300) / 2);
	}

	private tools(): HTMLElement[] {
		return tools({
			direct: (chosen) => {
				this.direction = chosen;
				this.viewport.scene = undefined;
				void this.redraw();
			},
			view: (chosen) => {
				this.card.isTable = chosen === "table";
				void this.redraw(this.viewport.scene?.boxes[0]?.node.node_id);
			},
			file: () => this.viewport.file(),
			warn: (problem) => this.card.warn(problem),
		});
	}
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
