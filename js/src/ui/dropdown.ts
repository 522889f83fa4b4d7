// A button and a box below it that it opens; Escape or a click elsewhere closes it.
import { element } from "./element";
import { keepInside } from "./keep-inside";

let made = 0;

export interface Dropdown {
	readonly root: HTMLElement;
	close(): void;
}

/** `opening` is called before the box is shown, `opened` when it is there. */
export function dropdown(
	button: HTMLButtonElement,
	box: HTMLElement,
	kind: "menu" | "dialog",
	{ opening, opened }: { opening?: () => void; opened?: () => void } = {},
): Dropdown {
	box.id = `nbviz-${kind}-${++made}`;
	box.setAttribute("role", kind);
	const root = element("span", "nbviz-menu-host", {}, button, box);
	button.setAttribute("aria-haspopup", kind);
	button.setAttribute("aria-controls", box.id);
	const close = () => {
		box.hidden = true;
		button.setAttribute("aria-expanded", "false");
		document.removeEventListener("pointerdown", outside, true);
	};
	const outside = (event: Event) => {
		// In a shadow root the target is only known by the path.
		if (!event.composedPath().includes(root)) close();
	};
	close();
	button.addEventListener("click", () => {
		if (!box.hidden) {
			close();
			return;
		}
		opening?.();
		box.hidden = false;
		keepInside(box);
		button.setAttribute("aria-expanded", "true");
		document.addEventListener("pointerdown", outside, true);
		opened?.();
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
