// A button that opens a box of controls.
import { type Dropdown, dropdown } from "./dropdown";

/** A button with a box that is shown on demand. */
export function popup(button: HTMLButtonElement, box: HTMLElement, label: string): Dropdown {
	box.setAttribute("aria-label", label);
	box.classList.add("nbviz-popup");
	return dropdown(button, box, "dialog");
}
