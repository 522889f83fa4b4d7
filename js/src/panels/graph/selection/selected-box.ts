// The selected box: what is known and recorded of it, below the drawing and in the other panels.

import { isOfModule } from "../../../charts/tag-groups";
import type { GraphNode } from "../../../protocol/index.gen";
import type { Context, Panel } from "../../../session/panel";
import type { ModuleContent } from "../../../session/panel-data";
import type { RunState } from "../../../session/run";
import type { Topics } from "../../../session/store";
import { element } from "../../../ui/element";
import type { GraphViewport } from "../drawing/viewport";
import type { Colours } from "../overlays/colours";
import { graphState } from "../state";
import type { GraphTree } from "../tree/tree";
import { showDetails } from "./details";
import { selectModule } from "./show-in-panels";

/** What the panel shows now. */
export interface Shown {
	readonly run: RunState | undefined;
	readonly tree: GraphTree | undefined;
}

export class SelectedBox {
	id: string | undefined;
	readonly strip = element("div", "nbviz-graph-details", { "aria-live": "polite" });
	/** The values recorded of the selected module when it was selected; "" if none will come. */
	private awaits = "";
	/** Whether the module is watched, and the panels that had something of it, when it was described. */
	private described = "";

	constructor(
		private readonly context: Context,
		private readonly viewport: GraphViewport,
		private readonly colours: Colours,
		private readonly shown: () => Shown,
		/** Says why something cannot be done. */
		private readonly warn: (error: unknown) => void,
	) {}

	set(id: string | undefined): void {
		this.id = id;
		this.awaits = "";
		this.followRecorded();
		this.describe();
	}

	/** Has the other panels show the selected box, if they have anything of it. */
	showInPanels(): void {
		const { node } = this;
		const { run } = this.shown();
		if (!node || !run) return;
		const isShown = this.contents(run).some(([, content]) => content.isShown);
		if (isShown) selectModule(this.context, node.path, this.viewport.root);
	}

	/** Forgets what is not in the tree. */
	check(): void {
		if (!this.node) this.id = undefined;
	}

	/** After updates: shows the first new values of the selected module, and where there is more. */
	updated(topics: Topics): void {
		if (this.awaits) this.followRecorded();
		if (this.id === undefined) return;
		const { panels } = this.context;
		const isNew = topics.has("runs") || panels.some(({ name, tags }) => tags && topics.has(name));
		if (isNew && this.summary() !== this.described) this.describe();
	}

	describe(): void {
		const { id, node, viewport, colours } = this;
		const edges = viewport.scene?.edges.filter(({ to, shape }) => to === id && shape) ?? [];
		const inputs = edges.map(({ shape }) => shape.replaceAll("×", " × ")).join(", ");
		const { overlay } = colours;
		const value = id === undefined ? undefined : colours.text(id);
		const { run } = this.shown();
		this.described = this.summary();
		showDetails(this.strip, node, inputs, {
			contents: run && node ? this.contents(run) : [],
			measured: overlay && value !== undefined ? { overlay, value } : undefined,
			isWatched: this.isWatched(run),
			watch: () => this.watch(),
			leadTo: (name) => {
				const isInView = this.context.root.querySelector(`.nbviz-slot-${name}`) !== null;
				return isInView ? () => this.context.show(name) : undefined;
			},
		});
	}

	/** What each panel has of the selected module. */
	private contents(run: RunState): readonly (readonly [Panel, ModuleContent])[] {
		const path = this.node?.path ?? "";
		return this.context.panels.flatMap((panel) => {
			const content = panel.ofModule?.(run, path);
			const tags = content ? undefined : panel.tags?.(run);
			const isShown = tags?.some((tag) => isOfModule(tag, path)) ?? false;
			return content || tags ? [[panel, content ?? { isShown }] as const] : [];
		});
	}

	/** Undefined where the box is no layer, or the run cannot watch any. */
	private isWatched(run: RunState | undefined): boolean | undefined {
		const { node } = this;
		const can = run?.commands.includes("watch_layer") && !this.context.store.isGone;
		if (!run || !can || node?.kind !== "module" || node.path === "") return undefined;
		return graphState.of(run).watched?.includes(node.path) ?? false;
	}

	private watch(): void {
		const { run } = this.shown();
		const path = this.node?.path;
		if (!run || !path) return;
		const on = !this.isWatched(run);
		const { run_id } = run;
		this.context.asker
			.ask({ kind: "control", run_id, name: "watch_layer", arguments: { path, on } })
			.catch(this.warn);
	}

	private summary(): string {
		const { run } = this.shown();
		const contents = run && this.node ? this.contents(run) : [];
		const shown = contents.filter(([, { isShown }]) => isShown).map(([{ name }]) => name);
		return JSON.stringify([this.isWatched(run), shown]);
	}

	private get node(): GraphNode | undefined {
		return this.id === undefined ? undefined : this.shown().tree?.node(this.id);
	}

	/** Wants what is recorded of the selected module, and describes the box anew once it came. */
	private followRecorded(): void {
		const { run } = this.shown();
		const contents = run ? this.contents(run) : [];
		for (const [{ name }, { keys = [] }] of contents) {
			this.context.wanted.set(name, "graph", run && keys.length > 0 ? [{ run, keys }] : []);
		}
		const isRecorded = contents.some(([, { keys = [] }]) => keys.length > 0);
		const values = JSON.stringify(contents.map(([, content]) => content.values));
		if (this.awaits && values !== this.awaits) {
			this.describe();
			this.awaits = "";
		} else this.awaits = isRecorded ? values : "";
	}
}
