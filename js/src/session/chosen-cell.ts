// The cell of a confusion matrix whose samples are looked at, shared by the panels of a view.
import type { Context } from "./panel";

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

/** On the view's element, where panels find it whose code is loaded by itself. */
const CHOSEN_CELL = Symbol.for("nbviz.chosen-cell");
type Root = HTMLElement & { [CHOSEN_CELL]?: ChosenCell };

export function chosenCellOf({ root }: Pick<Context, "root">): ChosenCell {
	const holder: Root = root;
	const known = holder[CHOSEN_CELL];
	if (known) return known;
	const listeners = new Set<() => void>();
	let cell: Cell | undefined;
	const chosen: ChosenCell = {
		get cell() {
			return cell;
		},
		choose(next) {
			cell = next;
			for (const listener of [...listeners]) listener();
		},
		subscribe(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
	};
	holder[CHOSEN_CELL] = chosen;
	return chosen;
}
