// A button that opens a box of controls.
import { type Dropdown, dropdown } from "./dropdown";

/** A button with a box that is shown on demand; `opening` is called before it is. */
export function popup(
	button: HTMLButtonElement,
	box: HTMLElement,
	label: string,
	opening?: () => void,
): Dropdown {
	box.setAttribute("aria-label", label);
	box.classList.add("nbviz-popup");
	return dropdown(button, box, "dialog", opening && { opening });
}
