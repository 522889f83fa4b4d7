// What stands in the controls while the run is drawn that the cell made before: its grey line, and what
// can be done with it.
import type { RunState } from "../../session/run";
import type { Store } from "../../session/store";
import { element } from "../../ui/element";
import { menu } from "../../ui/menu";

export interface EarlierActions {
	/** Make it one of the runs that are compared. */
	keep(run: RunState): void;
	dismiss(run: RunState): void;
}

export class EarlierRun {
	readonly root: HTMLElement;
	readonly close: () => void;
	private run: RunState | undefined;

	constructor(actions: EarlierActions, isLive: boolean) {
		const label = "The run that this cell made before";
		const button = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-button-small nbviz-earlier",
			{ type: "button", title: label },
			element("span", "nbviz-line-swatch"),
			"Earlier",
		);
		const of = (act: (run: RunState) => void) => () => {
			if (this.run) act(this.run);
		};
		const items = [
			{ label: "Keep for comparison", run: of((run) => actions.keep(run)) },
			{ label: "Dismiss", run: of((run) => actions.dismiss(run)) },
		];
		const { root, close } = menu(button, isLive ? items : items.slice(1));
		root.hidden = true;
		this.root = root;
		this.close = close;
	}

	/** Shows or hides it, as there is such a run or not. */
	update(store: Store, dismissed: ReadonlySet<string>): void {
		this.run = [...store.runs.values()].find((run) => run.is_earlier && !dismissed.has(run.run_id));
		this.root.hidden = this.run === undefined;
	}
}
