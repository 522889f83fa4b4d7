// The line above the table: how many runs are found and drawn, and what can be done with those selected.
import { MOST_SHOWN, type RunState } from "../../session/run";
import { element } from "../../ui/element";
import { formatCount } from "../../ui/format";

export interface SelectionActions {
	/** Shows the selected runs; `only` hides all others. */
	show(only: boolean): void;
	hide(): void;
	baseline(): void;
	/** Has the user's own model go on as the selected fork stands. */
	keep(): void;
	clear(): void;
	clearBaseline(): void;
	clearBrush(): void;
	/** Shows the first rows and no others. */
	showFirst(): void;
}

export interface SelectionState {
	readonly selected: readonly RunState[];
	readonly baseline: RunState | undefined;
	readonly isBrushed: boolean;
	/** Runs in the table, of all there are, and those whose curves are drawn. */
	readonly found: number;
	readonly all: number;
	readonly drawn: number;
}

export class SelectionBar {
	readonly root = element("div", "nbviz-runs-bar");
	private readonly count = element("output", "nbviz-runs-count");
	private readonly chips = element("span", "nbviz-runs-chips");
	private shown = "";

	constructor(private readonly actions: SelectionActions) {
		this.root.append(this.count, this.chips);
	}

	update(state: SelectionState): void {
		const { selected, baseline, isBrushed, found, all, drawn } = state;
		const of = found === all ? formatCount(all) : `${formatCount(found)} of ${formatCount(all)}`;
		const runs = `${of} run${all === 1 ? "" : "s"}`;
		const text = `${runs}, ${drawn === all ? "all" : formatCount(drawn)} drawn`;
		if (this.count.textContent !== text) this.count.textContent = text;
		const key = JSON.stringify([
			selected.map(({ run_id, commands }) => [run_id, commands.includes("keep")]),
			baseline?.name,
			isBrushed,
			all,
		]);
		if (key === this.shown) return;
		this.shown = key;
		const { actions } = this;
		const chips: HTMLElement[] = [];
		if (all > MOST_SHOWN) {
			const label = `Draw the first ${MOST_SHOWN}`;
			chips.push(button(label, "Draws the first rows as they are sorted now", actions.showFirst));
		}
		if (baseline) {
			const label = `baseline: ${baseline.name} ✕`;
			chips.push(button(label, "Show values in place of differences", actions.clearBaseline));
		}
		if (isBrushed) chips.push(button("brushed ✕", "Show all runs again", actions.clearBrush));
		if (selected.length > 0) {
			const [first] = selected;
			chips.push(
				element("span", "nbviz-runs-selected", {}, `${formatCount(selected.length)} selected:`),
				button("Draw only these", "Hide all others", () => actions.show(true)),
				button("Draw", "Draw these, too", () => actions.show(false)),
				button("Hide", "Hide their curves", actions.hide),
			);
			if (selected.length === 1 && first) {
				const what = `Show others as their difference to ${first.name}`;
				chips.push(button("Set as baseline", what, actions.baseline));
				if (first.commands.includes("keep")) {
					const copied = `Copy the state of ${first.name} into your own model and optimizer`;
					chips.push(button("Keep this one", copied, actions.keep));
				}
			}
			chips.push(button("✕", "Select none", actions.clear));
		}
		this.chips.replaceChildren(...chips);
	}
}

function button(label: string, title: string, run: () => void): HTMLElement {
	const made = element(
		"button",
		"nbviz-button nbviz-button-quiet nbviz-button-small",
		{ type: "button", title },
		label,
	);
	made.addEventListener("click", run);
	return made;
}
