// A row of buttons of which one is pressed.
import { element } from "./element";

/** Shows `options` (label to value) with `initial` pressed; `choose` gets the value of a click, not of `press`. */
export function segmentedControl<T extends string>(
	label: string,
	options: Record<string, T>,
	initial: T,
	choose: (value: T) => void,
): HTMLElement & { press(value: T): void } {
	const group = element("div", "nbviz-segments", { role: "group", "aria-label": label });
	const buttons = Object.entries(options).map(([text, value]) => {
		const button = element("button", "nbviz-segment", { type: "button" }, text);
		const press = (pressed: T) => button.setAttribute("aria-pressed", String(value === pressed));
		press(initial);
		button.addEventListener("click", () => {
			pressAll(value);
			choose(value);
		});
		return { button, press };
	});
	const pressAll = (value: T) => {
		for (const one of buttons) one.press(value);
	};
	group.append(...buttons.map(({ button }) => button));
	return Object.assign(group, { press: pressAll });
}
