// Where the names at the lines' ends stand: each as near to its line as the others allow.

/** Pixels from the upper edge, in the order given, at least `gap` apart and at most `room`. */
export function spread(wanted: readonly number[], gap: number, room: number): number[] {
	const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
	const tops = new Array<number>(wanted.length).fill(0);
	let least = 0;
	for (const i of order) {
		tops[i] = Math.max(least, wanted[i] ?? 0);
		least = tops[i] + gap;
	}
	let most = room;
	for (const i of order.reverse()) {
		tops[i] = Math.max(0, Math.min(most, tops[i] ?? 0));
		most = tops[i] - gap;
	}
	return tops;
}
