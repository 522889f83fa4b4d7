// The step under the pointer, shared by all charts of a view.
import { Listeners } from "./shared";

/** The step that the pointer is over in any chart of a view, for a readout in all of them. */
export interface PointedStep {
	readonly step: number | undefined;
	set(step: number | undefined): void;
	/** Calls `listener` when the step changes. Returns a function that unsubscribes. */
	subscribe(listener: () => void): () => void;
}

export function createPointedStep(): PointedStep {
	const { notify, subscribe } = new Listeners();
	let current: number | undefined;
	return {
		get step() {
			return current;
		},
		set(step) {
			if (step === current) return;
			current = step;
			notify();
		},
		subscribe,
	};
}
