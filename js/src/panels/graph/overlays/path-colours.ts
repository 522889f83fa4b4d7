// Colours by where in the model a box belongs: one for each of its parts.
import type { GraphNode } from "../../../protocol/index.gen";
import type { GraphTree } from "../tree/tree";

const COLOURS = 8;

export interface PathColours {
	/** The parts in the order in which they run. */
	readonly parts: readonly string[];
	/** A CSS colour, undefined for what is in no part. */
	of(id: string): string | undefined;
}

/** One colour for each of the outermost modules; of the modules in it, if there is only one. */
export function pathColours(tree: GraphTree): PathColours {
	let nodes: readonly GraphNode[] = modules(tree.root?.nodes ?? []);
	for (;;) {
		const [only] = nodes;
		const inside = nodes.length === 1 && only ? tree.level(only.node_id)?.nodes : undefined;
		if (!inside) break;
		nodes = modules(inside);
	}
	const places = new Map(nodes.map((node, i) => [node.node_id, i]));
	return {
		parts: nodes.map((node) => node.path || node.label),
		of(id) {
			for (let at = id; at !== ""; at = tree.parent(at)) {
				const place = places.get(at);
				if (place !== undefined) return partColour(place);
			}
			return undefined;
		},
	};
}

/** The colour of the n-th part. */
export function partColour(place: number): string {
	const name = `var(--nbviz-series-${(place % COLOURS) + 1})`;
	return `color-mix(in oklab, ${name} 32%, var(--nbviz-surface))`;
}

function modules(nodes: readonly GraphNode[]): GraphNode[] {
	return nodes.filter((node) => node.kind === "module");
}
