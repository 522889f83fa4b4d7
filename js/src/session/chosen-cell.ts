// The cell of a confusion matrix whose samples are looked at, shared by the panels of a view.
import type { Context } from "./panel";
import { Listeners, sharedIn } from "./shared";

export interface Cell {
	/** The true class. */
	readonly target: number;
	readonly predicted: number;
}

export interface ChosenCell {
	readonly cell: Cell | undefined;
	choose(cell: Cell | undefined): void;
	/** Calls `listener` when another cell is chosen. Returns a function that unsubscribes. */
	subscribe(listener: () => void): () => void;
}

export function chosenCellOf({ root }: Pick<Context, "root">): ChosenCell {
	return sharedIn(root, "chosen-cell", () => {
		const { notify, subscribe } = new Listeners();
		let cell: Cell | undefined;
		return {
			get cell() {
				return cell;
			},
			choose(next) {
				cell = next;
				notify();
			},
			subscribe,
		};
	});
}
