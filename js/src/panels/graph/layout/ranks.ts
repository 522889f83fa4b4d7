// Ranks of a level's boxes, by longest path.
import type { LevelShape } from "./level";

/** The rank of each box: one more than that of the last box before it. */
export function ranksOf({ sizes, edges }: LevelShape): number[] {
	const after: number[][] = sizes.map(() => []);
	const waits = new Int32Array(sizes.length);
	for (const [a, b] of edges) {
		if (a === b) continue;
		after[a]?.push(b);
		waits[b] = (waits[b] ?? 0) + 1;
	}
	const ranks: number[] = sizes.map(() => 0);
	const isFirst = Array.from(waits, (count) => count === 0);
	const ready = sizes.map((_, i) => i).filter((i) => isFirst[i]);
	for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
		for (const next of after[i] ?? []) {
			ranks[next] = Math.max(ranks[next] ?? 0, (ranks[i] ?? 0) + 1);
			waits[next] = (waits[next] ?? 0) - 1;
			if (waits[next] === 0) ready.push(next);
		}
	}
	// What nothing leads to is drawn just before it is needed.
	for (const [i, first] of isFirst.entries()) {
		const nexts = after[i] ?? [];
		if (first && nexts.length > 0) {
			const least = nexts.reduce((min, next) => Math.min(min, ranks[next] ?? 0), Infinity);
			ranks[i] = Math.max(0, least - 1);
		}
	}
	return ranks;
}
