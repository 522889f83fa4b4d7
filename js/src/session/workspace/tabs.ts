// The row of tabs of the inspector.
import { element } from "../../ui/element";
import { dragToReorder } from "./reorder";

export interface Tab {
	readonly name: string;
	readonly title: string;
	/** What it opens. */
	readonly panel: HTMLElement;
}

export interface TabActions {
	/** A reader opens a tab. */
	choose(name: string): void;
	/** A reader moves a tab to the right by a number of places. */
	move(name: string, by: number): void;
}

let made = 0;

export class Tabs {
	readonly root = element("div", "nbviz-tabs", {
		role: "tablist",
		"aria-label": "Panels",
		"data-lm-suppress-shortcuts": "true", // JupyterLab moves between cells by arrows
	});
	private readonly buttons = new Map<string, HTMLButtonElement>();
	private readonly id = `nbviz-tabs-${++made}`;

	constructor(private readonly actions: TabActions) {
		this.root.addEventListener("keydown", (event) => this.key(event));
	}

	/** Shows these tabs, of which `open` is open; buttons that stay keep their focus. */
	update(tabs: readonly Tab[], open: string | undefined): void {
		const names = new Set(tabs.map(({ name }) => name));
		for (const [name, button] of this.buttons) {
			if (names.has(name)) continue;
			button.remove();
			this.buttons.delete(name);
		}
		for (const [i, tab] of tabs.entries()) {
			const button = this.buttons.get(tab.name) ?? this.make(tab);
			const { children } = this.root;
			if (children[i] !== button) this.root.insertBefore(button, children[i] ?? null);
			const isOpen = tab.name === open;
			button.setAttribute("aria-selected", String(isOpen));
			button.tabIndex = isOpen ? 0 : -1;
		}
	}

	private make({ name, title, panel }: Tab): HTMLButtonElement {
		const id = `${this.id}-${name}`;
		const hint = "Drag, or Shift + arrow keys, to move it";
		const button = element(
			"button",
			"nbviz-tab",
			{ type: "button", role: "tab", id, title: hint, "data-tab": name },
			title,
		);
		panel.id = `${id}-panel`;
		panel.setAttribute("role", "tabpanel");
		panel.setAttribute("aria-labelledby", id);
		button.setAttribute("aria-controls", panel.id);
		button.addEventListener("click", () => this.actions.choose(name));
		dragToReorder(button, button, "x", (by) => this.actions.move(name, by));
		this.buttons.set(name, button);
		return button;
	}

	private key(event: KeyboardEvent): void {
		const buttons = [...this.root.children] as HTMLButtonElement[];
		const at = buttons.indexOf(event.target as HTMLButtonElement);
		const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
		const moving = buttons[at];
		if (event.shiftKey && by !== 0 && moving) {
			event.preventDefault();
			event.stopPropagation();
			this.actions.move(moving.dataset.tab ?? "", by);
			moving.focus();
			return;
		}
		if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
		const to =
			event.key === "ArrowRight"
				? (at + 1) % buttons.length
				: event.key === "ArrowLeft"
					? (at + buttons.length - 1) % buttons.length
					: event.key === "Home"
						? 0
						: event.key === "End"
							? buttons.length - 1
							: -1;
		const button = buttons[to];
		if (!button) return;
		event.preventDefault();
		event.stopPropagation();
		button.focus();
		button.click();
	}
}
