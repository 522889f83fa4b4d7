// A button that opens a short list of actions.
import { type Dropdown, dropdown } from "./dropdown";
import { element } from "./element";

export interface MenuItem {
	readonly label: string;
	run(): void;
}

/** A button and its menu; a choice closes it. Items may be made as it opens. */
export function menu(
	button: HTMLButtonElement,
	items: readonly MenuItem[] | (() => readonly MenuItem[]),
): Dropdown {
	const list = element("div", "nbviz-menu");
	let entries: HTMLButtonElement[] = [];
	const entryOf = ({ label, run }: MenuItem) => {
		const entry = element(
			"button",
			"nbviz-menu-item",
			{ type: "button", role: "menuitem", tabindex: "-1" },
			label,
		);
		entry.addEventListener("click", () => {
			made.close();
			button.focus();
			run();
		});
		return entry;
	};
	const fill = () => {
		entries = (typeof items === "function" ? items() : items).map(entryOf);
		list.replaceChildren(...entries);
	};
	const made = dropdown(button, list, "menu", {
		opening: () => {
			if (typeof items === "function") fill();
		},
		opened: () => entries[0]?.focus(),
	});
	if (typeof items !== "function") fill();
	made.root.addEventListener("keydown", (event) => {
		if (list.hidden) return;
		const at = entries.indexOf(document.activeElement as HTMLButtonElement);
		if (event.key === "ArrowDown") entries[(at + 1) % entries.length]?.focus();
		else if (event.key === "ArrowUp") entries.at(at - 1)?.focus();
		else return;
		event.preventDefault();
		event.stopPropagation();
	});
	return made;
}
