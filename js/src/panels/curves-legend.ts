// The legend of a chart: which line is whose, its value, and whether it is drawn.
import { formatNumber } from "../format";
import { element } from "./panel";

export interface LegendEntry {
	readonly key: string;
	readonly name: string;
	/** A CSS colour. */
	readonly color: string;
	readonly isDashed: boolean;
	readonly isShown: boolean;
}

export interface LegendListener {
	toggle(key: string): void;
	/** Show this line alone or, if it is alone, all lines. */
	isolate(key: string): void;
}

interface Item {
	readonly button: HTMLButtonElement;
	readonly swatch: HTMLElement;
	readonly name: Text;
	readonly value: HTMLElement;
}

export class Legend {
	readonly root = element("div", "nbviz-legend", { role: "group", "aria-label": "Lines" });
	private readonly items = new Map<string, Item>();
	private shown = "";

	constructor(private readonly listener: LegendListener) {}

	/** Shows these lines; buttons that stay keep their focus. */
	update(entries: readonly LegendEntry[]): void {
		const now = JSON.stringify(entries);
		if (now === this.shown) return;
		this.shown = now;
		const keys = new Set(entries.map(({ key }) => key));
		for (const [key, { button }] of this.items) {
			if (keys.has(key)) continue;
			button.remove();
			this.items.delete(key);
		}
		for (const entry of entries) {
			const item = this.items.get(entry.key) ?? this.add(entry.key);
			item.name.data = entry.name;
			item.swatch.style.color = entry.color;
			item.swatch.dataset.dashed = String(entry.isDashed);
			item.button.setAttribute("aria-pressed", String(entry.isShown));
		}
	}

	/** Writes each line's value; a line without one shows a dash. */
	show(values: ReadonlyMap<string, number>): void {
		for (const [key, { value }] of this.items) {
			const number = values.get(key);
			const text = number === undefined ? "–" : formatNumber(number);
			if (value.textContent !== text) value.textContent = text;
			value.classList.toggle("nbviz-bad", number !== undefined && !Number.isFinite(number));
		}
	}

	private add(key: string): Item {
		const swatch = element("span", "nbviz-line-swatch");
		const name = document.createTextNode("");
		const value = element("span", "nbviz-legend-value");
		const button = element(
			"button",
			"nbviz-legend-item",
			{ type: "button", title: "Click: hide or show. Double-click or Alt-click: show alone." },
			swatch,
			element("span", "nbviz-legend-name", {}, name),
			value,
		);
		button.addEventListener("click", (event) => {
			if (event.altKey) this.listener.isolate(key);
			else this.listener.toggle(key);
		});
		button.addEventListener("dblclick", () => this.listener.isolate(key));
		this.root.append(button);
		const item = { button, swatch, name, value };
		this.items.set(key, item);
		return item;
	}
}
