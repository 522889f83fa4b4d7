// Small boxes that open below a button: which columns are shown, and how a run is drawn.
import { lineSample } from "../../charts/run-style";
import { type Dropdown, dropdown } from "../../ui/dropdown";
import { element } from "../../ui/element";
import { icon } from "../../ui/icons";
import type { Column } from "./columns";

const COLOURS = 8;
const DASHES = 7;
const LISTED = 200;

/** The list from which columns are chosen, with a search. */
export class ColumnPicker {
	readonly root: HTMLElement;
	private readonly search = element("input", "nbviz-input", {
		type: "search",
		placeholder: "Find a column",
		"aria-label": "Find a column",
	});
	private readonly list = element("div", "nbviz-runs-list");
	private readonly box = element("div", "nbviz-runs-popup", { "aria-label": "Columns" });
	private readonly dropdown: Dropdown;
	private columns: readonly Column[] = [];
	private chosen: readonly string[] = [];

	/**
	 * `choose` gets ids in order, or undefined for those that tell most; `option` stands below. `reset`
	 * forgets all that was chosen in the table.
	 */
	constructor(
		private readonly choose: (ids: readonly string[] | undefined) => void,
		option: HTMLElement,
		reset: () => void,
	) {
		const button = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-button-small",
			{ type: "button" },
			"Columns",
			icon("chevron"),
		);
		this.dropdown = dropdown(button, this.box, "dialog", {
			opening: () => this.fill(),
			opened: () => this.search.focus(),
		});
		const make = (label: string, title: string, run: () => void) => {
			const names = "nbviz-button nbviz-button-small";
			const made = element("button", names, { type: "button", title }, label);
			made.addEventListener("click", run);
			return made;
		};
		const buttons = element(
			"div",
			"nbviz-runs-buttons",
			{},
			make("Suggested columns", "Those that tell most", () => choose(undefined)),
			make("As at first", "Forget filter, order, groups, colours and hidden runs, too", () => {
				this.dropdown.close();
				reset();
			}),
		);
		this.box.append(this.search, this.list, option, buttons);
		this.root = this.dropdown.root;
		this.search.addEventListener("input", () => this.fill());
	}

	remove(): void {
		this.dropdown.close();
	}

	update(columns: readonly Column[], chosen: readonly string[]): void {
		const isSame = String(chosen) === String(this.chosen) && columns.length === this.columns.length;
		this.columns = columns;
		this.chosen = chosen;
		if (!isSame && !this.box.hidden) this.fill();
	}

	private fill(): void {
		const wanted = this.search.value.trim().toLowerCase();
		const found = this.columns.filter(
			({ id, title }) => id !== "name" && title.toLowerCase().includes(wanted),
		);
		const scrolled = this.list.scrollTop;
		this.list.replaceChildren(...found.slice(0, LISTED).map((column) => this.option(column)));
		if (found.length > LISTED) {
			const rest = `${found.length - LISTED} more; type a part of the name.`;
			this.list.append(element("p", "nbviz-empty", {}, rest));
		}
		this.list.scrollTop = scrolled;
	}

	private option({ id, title }: Column): HTMLElement {
		const box = element("input", "", { type: "checkbox" });
		box.checked = this.chosen.includes(id);
		box.addEventListener("change", () => {
			const others = this.chosen.filter((one) => one !== id);
			this.choose(box.checked ? [...others, id] : others);
		});
		return element("label", "nbviz-runs-option", {}, box, title);
	}
}

/** Colours and dashes for a run, to choose from. */
export function stylePalette(style: number, choose: (style: number) => void): HTMLElement {
	const find = (colour: number, dash: number) => {
		// Seven and eight have no divisor in common: each pair has one place.
		for (let i = 0; i < COLOURS * DASHES; i++) {
			if (i % COLOURS === colour && i % DASHES === dash) return i;
		}
		return 0;
	};
	const option = (to: number, label: string) => {
		const button = element(
			"button",
			"nbviz-runs-swatch",
			{ type: "button", "aria-label": label, "aria-pressed": String(to === style % 56) },
			lineSample(to),
		);
		button.style.color = `var(--nbviz-series-${(to % COLOURS) + 1})`;
		button.addEventListener("click", () => choose(to));
		return button;
	};
	const colours = Array.from({ length: COLOURS }, (_, i) =>
		option(find(i, style % DASHES), `Colour ${i + 1}`),
	);
	const dashes = Array.from({ length: DASHES }, (_, i) =>
		option(find(style % COLOURS, i), `Dashes ${i + 1}`),
	);
	return element(
		"div",
		"nbviz-runs-palette",
		{ role: "group", "aria-label": "Colour and dashes" },
		element("div", "", {}, ...colours),
		element("div", "", {}, ...dashes),
	);
}
