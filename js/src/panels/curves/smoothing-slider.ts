// The slider that says how much lines are smoothed, for all charts or for one.
import { element } from "../../ui/element";

export const MOST_SMOOTHING = 0.99;

/** The slider between its two ends, with its value. */
export function smoothingSlider(smoothing: number, set: (smoothing: number) => void): HTMLElement {
	const slider = element("input", "nbviz-slider", {
		type: "range",
		"data-lm-suppress-shortcuts": "true", // JupyterLab moves between cells by arrows
		min: "0",
		max: String(MOST_SMOOTHING),
		step: "0.01",
		value: String(smoothing),
		"aria-label": "Smoothing",
	});
	const value = element("output", "nbviz-strip-value");
	const show = () => {
		value.textContent = Number(slider.value).toFixed(2);
		slider.style.setProperty("--filled", `${(100 * Number(slider.value)) / MOST_SMOOTHING}%`);
	};
	slider.addEventListener("input", () => {
		show();
		set(Number(slider.value));
	});
	show();
	return element(
		"label",
		"nbviz-smoothing",
		{},
		"Smoothing",
		value,
		slider,
		element("span", "nbviz-slider-ends", {}, element("span", "", {}, "none"), "0.99"),
	);
}
