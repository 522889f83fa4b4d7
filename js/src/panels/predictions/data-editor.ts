// What can be done with followed samples of the training data: drop, relabel, weight, and have them back.
import { element } from "../../ui/element";
import { formatCount } from "../../ui/format";

export type EditAction = "drop" | "relabel" | "weight" | "restore";
export type Edit = (action: EditAction, value: number) => Promise<unknown>;

const DONE: Readonly<Record<EditAction, string>> = {
	drop: "Dropped",
	relabel: "Relabelled",
	weight: "Weighted",
	restore: "Restored",
};

export class DataEditor {
	readonly root: HTMLElement;
	private readonly label = element("span", "nbviz-predictions-edited");
	private readonly said = element("span", "nbviz-predictions-edited", { role: "status" });
	private readonly classes = element("select", "nbviz-select", { "aria-label": "New class" });
	private readonly weight = element("input", "nbviz-input nbviz-predictions-weight", {
		type: "number",
		min: "0",
		step: "any",
		value: "2",
		"aria-label": "Weight",
	});
	private names = "";

	constructor(private readonly edit: Edit) {
		this.root = element(
			"div",
			"nbviz-strip nbviz-predictions-tools",
			{ role: "group", "aria-label": "Training data" },
			this.label,
			this.button("Drop", "drop", () => 0),
			this.button("Relabel as", "relabel", () => Number(this.classes.value)),
			this.classes,
			this.button("Weight", "weight", () => this.weight.valueAsNumber),
			this.weight,
			this.button("Restore", "restore", () => 0),
			this.said,
		);
		this.root.hidden = true;
	}

	/** Shows it for so many samples; it is hidden for none. */
	show(count: number, names: readonly string[]): void {
		this.root.hidden = count === 0;
		const samples = count === 1 ? "sample" : "samples";
		this.label.textContent = `${formatCount(count)} followed ${samples} of the training data`;
		const key = JSON.stringify(names);
		if (key === this.names) return;
		this.names = key;
		this.classes.replaceChildren(
			...names.map((name, place) => element("option", "", { value: String(place) }, name)),
		);
	}

	private button(text: string, action: EditAction, value: () => number): HTMLButtonElement {
		const made = element(
			"button",
			"nbviz-button nbviz-button-small",
			{ type: "button", title: "From the next epoch on" },
			text,
		);
		made.addEventListener("click", () => {
			const given = value();
			if (!Number.isFinite(given)) {
				this.said.textContent = "A weight is a number from 0 on.";
				return;
			}
			this.said.textContent = "";
			this.edit(action, given).then(
				() => {
					this.said.textContent = `${DONE[action]} from the next epoch on.`;
				},
				(error: unknown) => {
					this.said.textContent = error instanceof Error ? error.message : String(error);
				},
			);
		});
		return made;
	}
}
