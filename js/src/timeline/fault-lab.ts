// The failure lab behind "More": common faults, one click each, to see what they look like. A rewind undoes
// them.
import type { FaultName } from "../protocol/index.gen";
import type { Context } from "../session/panel";
import { selectionOf } from "../session/selection";
import { element } from "../ui/element";
import type { Command } from "./go-back";

const FAULTS: Record<FaultName, readonly [label: string, what: string]> = {
	high_lr: ["lr × 100", "The learning rate is a hundred times higher"],
	dead_relu: ["Dead ReLU", "Biases before ReLUs are -100: their units give 0 for every sample"],
	vanishing_init: ["Vanishing init", "Weights × 0.01: gradients vanish on their way back"],
	label_noise: ["Label noise", "Half of the labels are drawn anew, from the next epoch on"],
	no_shuffle: ["No shuffling", "Samples come sorted by label, from the next epoch on"],
};

export class FaultLab {
	private readonly buttons: readonly HTMLButtonElement[];
	private readonly root: HTMLElement;
	private waits = false;

	constructor(
		private readonly context: Context,
		private readonly command: Command,
	) {
		this.buttons = Object.entries(FAULTS).map(([name, [label, what]]) => {
			const button = element(
				"button",
				"nbviz-button nbviz-button-small",
				{ type: "button", title: what, "data-fault": name },
				label,
			);
			button.addEventListener("click", () => this.inject(name));
			return button;
		});
		this.root = element(
			"div",
			"nbviz-faults",
			{ role: "group", "aria-label": "Failure lab" },
			element("b", "", {}, "Failure lab"),
			element(
				"span",
				"nbviz-faults-what",
				{},
				"Break the training on purpose, and see it. It can be undone.",
			),
			element("div", "nbviz-faults-acts", {}, ...this.buttons),
		);
		context.root.querySelector(".nbviz-more")?.append(this.root);
	}

	remove(): void {
		this.root.remove();
	}

	update(): void {
		const { run } = selectionOf(this.context);
		const can = run?.commands.includes("inject_fault") === true && !this.context.store.isGone;
		this.root.hidden = !can;
		const isBusy = this.waits || run?.progress?.status === "stopping" || !!run?.going_back?.doing;
		for (const button of this.buttons) button.setAttribute("aria-disabled", String(isBusy));
	}

	private inject(name: string): void {
		const { run } = selectionOf(this.context);
		if (!run || this.buttons[0]?.getAttribute("aria-disabled") === "true") return;
		this.waits = true;
		this.update();
		// The box covers what is to be seen.
		this.context.root.querySelector<HTMLElement>(".nbviz-more-button[aria-expanded=true]")?.click();
		this.command(run, "inject_fault", { name }, () => {
			this.waits = false;
			this.update();
		});
	}
}
