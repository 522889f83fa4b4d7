// The step that all of a panel's media are shown at: a slider over the steps at which there are any.

import { element } from "../../ui/element";
import { formatCount } from "../../ui/format";
import { placeAt } from "./media-index";

export class MediaScrubber {
	readonly root = element("div", "nbviz-media-scrubber");
	private readonly slider = element("input", "nbviz-slider", {
		type: "range",
		"data-lm-suppress-shortcuts": "true", // JupyterLab moves between cells by arrows
		min: "0",
		step: "1",
		"aria-label": "Step",
	});
	private readonly label = element("output", "nbviz-media-step");
	private readonly newest = element(
		"button",
		"nbviz-button nbviz-button-small",
		{ type: "button", "aria-pressed": "true", title: "Follow the run: show the newest (End)" },
		"Newest",
	);
	private steps: readonly number[] = [];
	private chosen: number | undefined;

	/** `changed` is called when another step is shown. */
	constructor(private readonly changed: () => void) {
		this.root.append(this.newest, this.slider, this.label);
		this.slider.addEventListener("input", () => {
			const place = Number(this.slider.value);
			this.choose(place >= this.steps.length - 1 ? undefined : this.steps[place]);
		});
		this.newest.addEventListener("click", () => this.choose(undefined));
	}

	/** Infinite while the newest is shown. */
	get step(): number {
		return this.chosen ?? Number.POSITIVE_INFINITY;
	}

	/** Takes the steps there are now; a chosen step stays where it is. */
	update(steps: readonly number[]): void {
		this.steps = steps;
		this.draw();
	}

	/** Shows a step, or follows the newest. */
	choose(step: number | undefined): void {
		this.chosen = step;
		this.draw();
		this.changed();
	}

	private draw(): void {
		const last = Math.max(0, this.steps.length - 1);
		const place = this.chosen === undefined ? last : Math.max(0, placeAt(this.steps, this.chosen));
		this.slider.max = String(last);
		this.slider.value = String(place);
		this.slider.disabled = last === 0;
		this.slider.style.setProperty("--filled", `${last > 0 ? (100 * place) / last : 100}%`);
		const text = `step ${formatCount(this.steps[place] ?? 0)}`;
		this.label.textContent =
			this.chosen === undefined ? text : `${text} of ${formatCount(this.steps[last] ?? 0)}`;
		this.slider.setAttribute(
			"aria-valuetext",
			this.chosen === undefined ? `${text}, newest` : text,
		);
		this.newest.setAttribute("aria-pressed", String(this.chosen === undefined));
	}
}
