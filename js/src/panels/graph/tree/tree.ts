// Which boxes of the graph are open, and the levels that the kernel has sent.
import type { GraphLevel, GraphNode } from "../../../protocol/index.gen";
import type { BoxText } from "../drawing/box-text";
import type { BoxPlan, LevelPlan } from "../layout/plan";

/** Boxes opened by themselves at the start: as many as are read at one glance. */
const AT_A_GLANCE = 40;

/** Asks the kernel for levels by their scopes. */
export type Loader = (scopes: string[]) => Promise<GraphLevel[]>;

export class GraphTree {
	readonly open = new Set<string>();
	private readonly levels = new Map<string, GraphLevel>();
	private readonly nodes = new Map<string, GraphNode>();
	private readonly parents = new Map<string, string>();

	constructor(private readonly load: Loader) {}

	get root(): GraphLevel | undefined {
		return this.levels.get("");
	}

	level(scope: string): GraphLevel | undefined {
		return this.levels.get(scope);
	}

	node(id: string): GraphNode | undefined {
		return this.nodes.get(id);
	}

	/** The box around a box, "" for the whole model. */
	parent(id: string): string {
		return this.parents.get(id) ?? "";
	}

	/** The innermost of nested boxes that is drawn: all around it are open. */
	visible(boxes: readonly string[]): string | undefined {
		return boxes.find((id) => !this.open.has(id)) ?? boxes.at(-1);
	}

	/** All boxes known so far, each before those inside it. */
	*inOrder(scope = ""): IterableIterator<GraphNode> {
		for (const node of this.levels.get(scope)?.nodes ?? []) {
			yield node;
			yield* this.inOrder(node.node_id);
		}
	}

	/** Loads the levels that are not known yet. */
	async need(scopes: readonly string[]): Promise<void> {
		const missing = scopes.filter((scope) => !this.levels.has(scope));
		if (missing.length === 0) return;
		for (const level of await this.load(missing)) {
			this.levels.set(level.scope, level);
			for (const node of level.nodes) {
				this.nodes.set(node.node_id, node);
				this.parents.set(node.node_id, level.scope);
			}
		}
	}

	/** Opens the whole model, then one generation of boxes after the other while few are shown. */
	async openAtAGlance(): Promise<void> {
		await this.need([""]);
		let shown = this.root?.nodes ?? [];
		let count = shown.length;
		for (;;) {
			const next = shown.filter((node) => node.child_count > 0 && node.repeat === 1);
			count += next.reduce((sum, node) => sum + node.child_count, 0);
			if (next.length === 0 || count > AT_A_GLANCE) return;
			await this.need(next.map((node) => node.node_id));
			for (const node of next) this.open.add(node.node_id);
			shown = next.flatMap((node) => this.levels.get(node.node_id)?.nodes ?? []);
		}
	}

	/** Loads the whole model and opens boxes; one that is not there, or stands in a closed one, is not. */
	async openAll(boxes: ReadonlySet<string>): Promise<void> {
		await this.need([""]);
		let shown = this.root?.nodes ?? [];
		for (;;) {
			const next = shown.filter((node) => node.child_count > 0 && boxes.has(node.node_id));
			if (next.length === 0) return;
			await this.need(next.map((node) => node.node_id));
			for (const node of next) this.open.add(node.node_id);
			shown = next.flatMap((node) => this.levels.get(node.node_id)?.nodes ?? []);
		}
	}

	async setOpen(id: string, open: boolean): Promise<void> {
		if (open) await this.need([id]);
		if (open) this.open.add(id);
		else this.open.delete(id);
	}

	/** Opens all boxes around a box. */
	async reveal(id: string): Promise<void> {
		for (let scope = this.parent(id); scope !== ""; scope = this.parent(scope)) {
			await this.setOpen(scope, true);
		}
	}

	/** Loads all levels, a few at a time; stops when `more` says so. */
	async loadAll(more: () => boolean): Promise<void> {
		for (;;) {
			const missing = [...this.nodes.values()]
				.filter((node) => node.child_count > 0 && !this.levels.has(node.node_id))
				.map((node) => node.node_id);
			if (missing.length === 0 || !more()) return;
			await this.need(missing.slice(0, LEVELS_A_REQUEST));
		}
	}

	/** What is to be laid out. */
	plan(scope: string, textOf: (node: GraphNode, open: boolean) => BoxText): LevelPlan {
		const level = this.levels.get(scope);
		if (!level) throw new Error(`the level ${scope} is not loaded`);
		return {
			boxes: level.nodes.map((node): BoxPlan => {
				const open = this.open.has(node.node_id);
				const { width, height } = textOf(node, open);
				const box = { id: node.node_id, width, height };
				return open ? { ...box, inside: this.plan(node.node_id, textOf) } : box;
			}),
			edges: level.edges.map(({ source, target }) => [source, target]),
			inputs: level.inputs.map(([inside, outside]) => [outside, inside]),
			// All edges out of one inner box share one port, however many boxes they lead to.
			outputs: [...new Set(level.outputs.map(([inside]) => inside))].map((id) => [id, id]),
		};
	}
}

/** The kernel is asked for so many levels at once: a few hundred kilobytes. */
const LEVELS_A_REQUEST = 40;
