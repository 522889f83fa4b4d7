// What stands in the controls while runs are drawn that lie behind, from before the cell ran again or was
// rewound: their grey line, and what can be done with them.
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
	private runs: readonly RunState[] = [];

	constructor(actions: EarlierActions, isLive: boolean) {
		const label = "What this cell made before";
		const button = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-button-small nbviz-earlier",
			{ type: "button", title: label },
			element("span", "nbviz-line-swatch"),
			"Earlier",
		);
		const items = () =>
			this.runs.flatMap((run) => {
				const of = this.runs.length > 1 ? ` ${run.name}` : "";
				const keep = { label: `Keep${of} for comparison`, run: () => actions.keep(run) };
				const dismiss = { label: `Dismiss${of}`, run: () => actions.dismiss(run) };
				return isLive ? [keep, dismiss] : [dismiss];
			});
		const { root, close } = menu(button, items);
		root.hidden = true;
		this.root = root;
		this.close = close;
	}

	/** Shows or hides it, as there are such runs or not. */
	update(store: Store, dismissed: ReadonlySet<string>): void {
		this.runs = [...store.runs.values()].filter(
			(run) => run.is_earlier && !dismissed.has(run.run_id),
		);
		this.root.hidden = this.runs.length === 0;
	}
}
