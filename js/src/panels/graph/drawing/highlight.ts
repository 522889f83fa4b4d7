// What is joined to a box: its own edges, and everything before and after it.
import type { Scene, SceneEdge } from "./scene";

export interface Path {
	/** Lines between the box and those next to it, across the borders of open boxes. */
	readonly near: ReadonlySet<string>;
	/** Lines and ends on any way to or from the box. */
	readonly edges: ReadonlySet<string>;
	readonly ends: ReadonlySet<string>;
}

type ByEnd = ReadonlyMap<string, readonly SceneEdge[]>;
const indices = new WeakMap<Scene, Partial<Record<"from" | "to", ByEnd>>>();

/** The edges of a scene by one of their ends; made once. */
function linesBy(scene: Scene, end: "from" | "to"): ByEnd {
	const known = indices.get(scene) ?? {};
	indices.set(scene, known);
	const made = known[end] ?? grouped(scene.edges, end);
	known[end] = made;
	return made;
}

const BOTH = ["forward", "backward"] as const;
type Way = (typeof BOTH)[number];

/** Follows the edges of a scene from a box in both directions, or in one of them. */
export function pathOf(scene: Scene, id: string, ways: readonly Way[] = BOTH): Path {
	const near = new Set<string>();
	const edges = new Set<string>();
	const ends = new Set<string>([id]);
	// An open box is on the way wherever a box inside it is.
	const start = new Set([id]);
	for (const { node, parent } of scene.boxes) if (start.has(parent)) start.add(node.node_id);
	for (const way of ways) {
		const [from, to] = way === "forward" ? (["from", "to"] as const) : (["to", "from"] as const);
		const byEnd = linesBy(scene, from);
		const waiting = [...start].map((end) => ({ end, isNear: true }));
		const seen = new Set(start);
		for (let at = waiting.pop(); at; at = waiting.pop()) {
			for (const line of byEnd.get(at.end) ?? []) {
				edges.add(line.id);
				if (at.isNear) near.add(line.id);
				const next = line[to];
				ends.add(next);
				const isPort = next.includes("\u0001");
				if (seen.has(next)) continue;
				seen.add(next);
				waiting.push({ end: next, isNear: at.isNear && isPort });
			}
		}
	}
	for (const one of start) ends.add(one);
	for (const { node, parent } of [...scene.boxes].reverse()) {
		if (ends.has(node.node_id) && parent) ends.add(parent);
	}
	return { near, edges, ends };
}

function grouped(edges: readonly SceneEdge[], end: "from" | "to"): ByEnd {
	const found = new Map<string, SceneEdge[]>();
	for (const line of edges) {
		const known = found.get(line[end]);
		if (known) known.push(line);
		else found.set(line[end], [line]);
	}
	return found;
}
