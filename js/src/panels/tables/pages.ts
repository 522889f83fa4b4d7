// The rows of one arrangement of a table that have come, and which to ask for next.
import type { Cell } from "../../protocol/index.gen";

const MOST_KEPT = 5000;

export interface Row {
	readonly cells: readonly Cell[];
	/** Of its images, by their number in a cell. */
	image(number: number): string;
}

export class Pages {
	private readonly rows = new Map<number, Row>();

	constructor(
		/** How many rows there are. */
		readonly count: number,
	) {}

	at(index: number): Row | undefined {
		return this.rows.get(index);
	}

	take(first: number, rows: readonly Row[]): void {
		for (const [i, row] of rows.entries()) this.rows.set(first + i, row);
		// Those that came first are asked for again if they are looked at again.
		for (const index of this.rows.keys()) {
			if (this.rows.size <= MOST_KEPT) break;
			this.rows.delete(index);
		}
	}

	/** Of the rows in sight, those that are missing, with some around them; undefined if none is. */
	missing(from: number, to: number, most: number): { first: number; count: number } | undefined {
		const last = Math.min(to, this.count);
		for (let index = Math.max(0, from); index < last; index += 1) {
			if (this.rows.has(index)) continue;
			let count = 1;
			while (count < most && index + count < this.count && !this.rows.has(index + count))
				count += 1;
			return { first: index, count };
		}
		return undefined;
	}
}
