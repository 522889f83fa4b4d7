// The step at which all panels of a view show what was logged: the newest, one that was chosen, or for a
// moment the one under the pointer.
import type { Context } from "./panel";
import { Listeners, sharedIn } from "./shared";

export interface ShownStep {
	/** Infinite for the newest. */
	readonly step: number;
	/** What was chosen; undefined where the newest is followed. */
	readonly chosen: number | undefined;
	/** Shows a step, or follows the newest. */
	choose(step: number | undefined): void;
	/** Calls `listener` when another step is shown. Returns a function that unsubscribes. */
	subscribe(listener: () => void): () => void;
}

/** Under this name it is remembered, with a run that it is of. */
const STATE_NAME = "step";
/** A pointer that only passes over the curves changes nothing. */
const REST_MS = 120;

/** The step that the panels of a view share. */
export function shownStepOf(context: Context): ShownStep {
	return sharedIn(context.root, "shown-step", () => newShownStep(context));
}

function newShownStep({ store, viewState, pointedStep }: Context): ShownStep {
	const { notify, subscribe } = new Listeners();
	let chosen: number | undefined;
	let isRead = false;
	let pointed: number | undefined;
	let timer: ReturnType<typeof setTimeout> | undefined;
	/** What was chosen before a reload, where its run is still shown. */
	const read = () => {
		if (isRead || store.runs.size === 0) return;
		isRead = true;
		const { run, step } = viewState.read(STATE_NAME);
		if (typeof step === "number" && typeof run === "string" && store.runs.has(run)) chosen ??= step;
	};
	pointedStep.subscribe(() => {
		clearTimeout(timer);
		const { step } = pointedStep;
		const point = () => {
			if (step === pointed) return;
			pointed = step;
			notify();
		};
		if (step === undefined) point();
		else timer = setTimeout(point, REST_MS);
	});
	return {
		get step() {
			read();
			return pointed ?? chosen ?? Number.POSITIVE_INFINITY;
		},
		get chosen() {
			read();
			return chosen;
		},
		choose(step) {
			isRead = true;
			chosen = step;
			viewState.write(STATE_NAME, { run: [...store.runs.keys()].at(-1), step });
			notify();
		},
		subscribe,
	};
}
