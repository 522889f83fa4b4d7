// What is joined to a box: its own lines, and everything before and after it.
import type { Scene } from "./scene";

export interface Path {
	/** Lines between the box and those next to it, across the borders of open boxes. */
	readonly near: ReadonlySet<string>;
	/** Lines and ends on any way to or from the box. */
	readonly lines: ReadonlySet<string>;
	readonly ends: ReadonlySet<string>;
}

/** Follows the lines of a scene from a box in both directions. */
export function pathOf(scene: Scene, id: string): Path {
	const near = new Set<string>();
	const lines = new Set<string>();
	const ends = new Set<string>([id]);
	// An open box is on the way wherever a box inside it is.
	const start = new Set([id]);
	for (const { node, parent } of scene.boxes) if (start.has(parent)) start.add(node.node_id);
	for (const [from, to] of [
		["from", "to"],
		["to", "from"],
	] as const) {
		const byEnd = new Map<string, (typeof scene.lines)[number][]>();
		for (const line of scene.lines) {
			const known = byEnd.get(line[from]);
			if (known) known.push(line);
			else byEnd.set(line[from], [line]);
		}
		const waiting = [...start].map((end) => ({ end, isNear: true }));
		const seen = new Set(start);
		for (let at = waiting.pop(); at; at = waiting.pop()) {
			for (const line of byEnd.get(at.end) ?? []) {
				lines.add(line.id);
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
	return { near, lines, ends };
}
