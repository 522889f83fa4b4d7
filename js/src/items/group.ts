// The cards of one tag prefix, under its name; of a large group the first ones until all are asked for.

import { keepChildren } from "../ui/children";
import { element } from "../ui/element";
import { formatCount } from "../ui/format";
import { icon } from "../ui/icons";

const FIRST = 8;

let made = 0;

export class ItemGroup {
	readonly root: HTMLElement;
	private readonly grid: HTMLElement;
	private readonly count = element("span", "nbviz-items-count");
	private readonly more = element("button", "nbviz-button nbviz-button-quiet nbviz-button-small", {
		type: "button",
	});
	private isWhole = false;

	constructor(
		name: string,
		private readonly changed: () => void,
	) {
		const id = `nbviz-items-group-${++made}`;
		this.grid = element("div", "nbviz-items-grid", { id });
		const toggle = element(
			"button",
			"nbviz-panel-toggle nbviz-items-heading",
			{ type: "button", "aria-expanded": "true", "aria-controls": id },
			icon("chevron"),
			name,
			this.count,
		);
		toggle.hidden = name === "";
		toggle.addEventListener("click", () => {
			const isOpen = this.grid.hidden;
			this.grid.hidden = !isOpen;
			this.more.dataset.folded = String(!isOpen);
			toggle.setAttribute("aria-expanded", String(isOpen));
		});
		this.more.addEventListener("click", () => {
			this.isWhole = !this.isWhole;
			this.changed();
		});
		this.root = element("section", "nbviz-items-group", { "aria-label": name || "Items" });
		this.root.append(toggle, this.grid, this.more);
	}

	/** Which of its tags are shown. */
	visible<T>(tags: readonly T[]): readonly T[] {
		this.more.hidden = tags.length <= FIRST;
		this.more.textContent = this.isWhole
			? `Show the first ${FIRST}`
			: `Show all ${formatCount(tags.length)}`;
		this.count.textContent = formatCount(tags.length);
		return this.isWhole ? tags : tags.slice(0, FIRST);
	}

	arrange(cards: readonly { readonly root: HTMLElement }[]): void {
		this.grid.dataset.count = String(cards.length);
		keepChildren(
			this.grid,
			cards.map(({ root }) => root),
		);
	}
}
