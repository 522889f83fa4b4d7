// Which runs the charts of a view show, and which one is pointed at: one choice for each view.
import { asChoices } from "../ui/view-state";
import type { Context } from "./panel";
import { isActive, MOST_SHOWN, type RunState } from "./run";
import { Listeners, sharedIn } from "./shared";

/** Under this name choices are remembered, by the runs' names. */
const STATE_NAME = "shown-runs";

export interface ShownRuns {
	isShown(run: RunState): boolean;
	/** Shows or hides runs. */
	show(runs: Iterable<RunState>, isShown: boolean): void;
	/** Forgets all that was chosen. */
	reset(): void;
	/** Of these alone, in their order, the first are shown that were not hidden; undefined ends that. */
	narrow(ids: readonly string[] | undefined): void;
	/** The run under the pointer, in a table or a legend. */
	readonly pointed: string | undefined;
	point(run_id: string | undefined): void;
	/** Something else was chosen of which charts must be told: a colour, groups. */
	changed(): void;
	/** Calls `listener` when runs are shown or hidden, or (`isPointed`) pointed at. Returns what ends that. */
	subscribe(listener: (isPointed: boolean) => void): () => void;
}

/** What the charts of a view show. */
export function shownRunsOf(context: Context): ShownRuns {
	return sharedIn(context.root, "shown-runs", () => newShownRuns(context));
}

function newShownRuns({ store, viewState }: Context): ShownRuns {
	const listeners = new Listeners<[isPointed: boolean]>();
	let kept = { ...asChoices(viewState.read(STATE_NAME)) };
	const chosen = new Map<string, boolean>();
	/** A run that was active stays when it has ended. */
	const wasActive = new Set<string>();
	let only: ReadonlySet<string> | undefined;
	let pointed: string | undefined;
	const notify = (isPointed = false) => listeners.notify(isPointed);
	const choiceOf = ({ run_id, name }: RunState) => {
		const known = chosen.get(run_id) ?? kept[name];
		return typeof known === "boolean" ? known : undefined;
	};
	return {
		isShown(run) {
			if (isActive(run)) wasActive.add(run.run_id);
			const choice = choiceOf(run);
			if (only) return only.has(run.run_id) && choice !== false;
			return choice ?? (run.index < MOST_SHOWN || wasActive.has(run.run_id));
		},
		show(runs, isShown) {
			for (const run of runs) {
				chosen.set(run.run_id, isShown);
				kept[run.name] = isShown;
			}
			viewState.write(STATE_NAME, kept);
			notify();
		},
		reset() {
			chosen.clear();
			kept = {};
			viewState.write(STATE_NAME, kept);
			notify();
		},
		narrow(ids) {
			const found = ids?.filter((id) => {
				const run = store.runs.get(id);
				return run && choiceOf(run) !== false;
			});
			const now = found && new Set(found.slice(0, MOST_SHOWN));
			if (String([...(now ?? "-")]) === String([...(only ?? "-")])) return;
			only = now;
			notify();
		},
		get pointed() {
			return pointed;
		},
		point(run_id) {
			if (run_id === pointed) return;
			pointed = run_id;
			notify(true);
		},
		changed: () => notify(),
		subscribe: listeners.subscribe,
	};
}
