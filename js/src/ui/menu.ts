// A button that opens a short list of actions.
import { element } from "./element";
import { keepInside } from "./keep-inside";

let made = 0;

export interface MenuItem {
	readonly label: string;
	run(): void;
}

/** A button and its menu; Escape, a choice or a click elsewhere closes it. Items may be made as it opens. */
export function menu(
	button: HTMLButtonElement,
	items: readonly MenuItem[] | (() => readonly MenuItem[]),
): { root: HTMLElement; close(): void } {
	const id = `nbviz-menu-${++made}`;
	const list = element("div", "nbviz-menu", { role: "menu", id });
	const root = element("span", "nbviz-menu-host", {}, button, list);
	const entryOf = ({ label, run }: MenuItem) => {
		const entry = element(
			"button",
			"nbviz-menu-item",
			{ type: "button", role: "menuitem", tabindex: "-1" },
			label,
		);
		entry.addEventListener("click", () => {
			close();
			button.focus();
			run();
		});
		return entry;
	};
	let entries: HTMLButtonElement[] = [];
	const fill = () => {
		entries = (typeof items === "function" ? items() : items).map(entryOf);
		list.replaceChildren(...entries);
	};
	if (typeof items !== "function") fill();
	button.setAttribute("aria-haspopup", "menu");
	button.setAttribute("aria-controls", id);
	const close = () => {
		list.hidden = true;
		button.setAttribute("aria-expanded", "false");
		document.removeEventListener("pointerdown", outside, true);
	};
	const outside = (event: Event) => {
		if (!root.contains(event.target as Node)) close();
	};
	close();
	button.addEventListener("click", () => {
		if (!list.hidden) {
			close();
			return;
		}
		if (typeof items === "function") fill();
		list.hidden = false;
		keepInside(list);
		button.setAttribute("aria-expanded", "true");
		document.addEventListener("pointerdown", outside, true);
		entries[0]?.focus();
	});
	root.addEventListener("keydown", (event) => {
		if (list.hidden) return;
		const at = entries.indexOf(document.activeElement as HTMLButtonElement);
		if (event.key === "Escape") {
			close();
			button.focus();
		} else if (event.key === "ArrowDown") entries[(at + 1) % entries.length]?.focus();
		else if (event.key === "ArrowUp") entries.at(at - 1)?.focus();
		else return;
		event.preventDefault();
		event.stopPropagation();
	});
	return { root, close };
}
