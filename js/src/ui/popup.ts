// A button that opens a box below itself; Escape or a click elsewhere closes it.
import { element } from "./element";
import { keepInside } from "./keep-inside";

let made = 0;

export interface Popup {
	readonly root: HTMLElement;
	close(): void;
}

/** A button with a box that is shown on demand. */
export function popup(button: HTMLButtonElement, box: HTMLElement, label: string): Popup {
	box.id = `nbviz-popup-${++made}`;
	box.setAttribute("role", "dialog");
	box.setAttribute("aria-label", label);
	box.classList.add("nbviz-popup");
	const root = element("span", "nbviz-menu-host", {}, button, box);
	button.setAttribute("aria-haspopup", "dialog");
	button.setAttribute("aria-controls", box.id);
	const close = () => {
		box.hidden = true;
		button.setAttribute("aria-expanded", "false");
		document.removeEventListener("pointerdown", outside, true);
	};
	const outside = (event: Event) => {
		if (!root.contains(event.target as Node)) close();
	};
	close();
	button.addEventListener("click", () => {
		if (!box.hidden) {
			close();
			return;
		}
		box.hidden = false;
		keepInside(box);
		button.setAttribute("aria-expanded", "true");
		document.addEventListener("pointerdown", outside, true);
	});
	root.addEventListener("keydown", (event) => {
		if (event.key !== "Escape" || box.hidden) return;
		close();
		button.focus();
		event.preventDefault();
		event.stopPropagation();
	});
	return { root, close };
}
