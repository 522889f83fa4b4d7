// Which run and which module the panels of a view show: one selection for each view.
import { element } from "../ui/element";
import type { Context } from "./panel";
import { comparedRuns, isActive, type RunState } from "./run";
import { Listeners, sharedIn } from "./shared";
import type { Store } from "./store";

export interface Selection {
	/** The chosen run; else the newest that is active, else the one last shown, else the newest. */
	readonly run: RunState | undefined;
	choose(run_id: string): void;
	/** The module of the model that is selected, by its path; "" for none. */
	readonly module: string;
	selectModule(path: string): void;
	/** Calls `listener` when another run is chosen. Returns a function that unsubscribes. */
	subscribe(listener: () => void): () => void;
}

/** The selection that the panels of a view share. */
export function selectionOf({ root, store }: Context): Selection {
	return sharedIn(root, "selection", () => newSelection(store));
}

function newSelection(store: Store): Selection {
	const { notify, subscribe } = new Listeners();
	let chosen: string | undefined;
	let last: string | undefined;
	let module = "";
	return {
		get run() {
			const run = (chosen !== undefined && store.runs.get(chosen)) || preferred(store, last);
			last = run?.run_id;
			return run;
		},
		choose(run_id) {
			chosen = run_id;
			notify();
		},
		get module() {
			return module;
		},
		selectModule(path) {
			if (path === module) return;
			module = path;
			notify();
		},
		subscribe,
	};
}

export { isActive } from "./run";

/** The run's colour as a CSS value; curves use the same one where runs are compared. */
export function runColor(run: RunState): string {
	return `var(--nbviz-series-${(run.style % 8) + 1})`;
}

/** A list of the runs with the colour of the chosen one; hidden while there is only one. */
export function runPicker(context: Context): { picker: HTMLElement; update: () => void } {
	const selection = selectionOf(context);
	const swatch = element("span", "nbviz-swatch");
	const select = element("select", "nbviz-select", { "aria-label": "Run" });
	const picker = element("span", "nbviz-run-picker", {}, swatch, select);
	select.addEventListener("change", () => selection.choose(select.value));
	let shown = "";
	const update = () => {
		const runs = comparedRuns(context.store);
		picker.hidden = runs.length < 2;
		const names = JSON.stringify(runs.map((run) => [run.run_id, run.name]));
		if (names !== shown) {
			shown = names;
			select.replaceChildren(
				...runs.map((run) => element("option", "", { value: run.run_id }, run.name)),
			);
		}
		const { run } = selection;
		if (!run) return;
		if (select.value !== run.run_id) select.value = run.run_id;
		swatch.style.background = runColor(run);
	};
	return { picker, update };
}

function preferred(store: Store, last: string | undefined): RunState | undefined {
	const runs = comparedRuns(store).reverse();
	const shown = last === undefined ? undefined : store.runs.get(last);
	if (shown && isActive(shown)) return shown;
	// A run that has lost its commands was reset: another has come in its place.
	const isOver = shown?.commands.length === 0;
	const steered = isOver ? runs.find(({ commands }) => commands.length > 0) : undefined;
	return runs.find(isActive) ?? steered ?? shown ?? runs[0];
}
