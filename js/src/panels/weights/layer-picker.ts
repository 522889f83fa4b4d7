// The list from which the shown parameters are chosen, with a search.

import type { LayerInfo } from "../../protocol/index.gen";
import { element } from "../../ui/element";
import { formatShape } from "../../ui/format";
import { icon } from "../../ui/icons";

const LISTED = 300;

export class LayerPicker {
	readonly root: HTMLElement;
	private readonly button = element(
		"button",
		"nbviz-button nbviz-button-small nbviz-layers-button",
		{
			type: "button",
			"aria-expanded": "false",
			"aria-haspopup": "dialog",
		},
	);
	private readonly search = element("input", "nbviz-input", {
		type: "search",
		placeholder: "Find a layer",
		"aria-label": "Find a layer",
	});
	private readonly list = element("div", "nbviz-layers-list");
	private readonly popup = element("div", "nbviz-layers-popup", {
		role: "dialog",
		"aria-label": "Layers to show",
	});
	private layers: readonly LayerInfo[] = [];
	private chosen: ReadonlySet<string> = new Set();

	constructor(private readonly choose: (names: string[] | undefined) => void) {
		const reset = action("Suggested", () => this.choose(undefined));
		const none = action("None", () => this.choose([]));
		this.popup.append(
			this.search,
			this.list,
			element("div", "nbviz-layers-actions", {}, reset, none),
		);
		this.popup.hidden = true;
		this.root = element("div", "nbviz-layers", {}, this.button, this.popup);
		this.button.addEventListener("click", () => this.open(this.popup.hidden !== false));
		this.search.addEventListener("input", () => this.fill());
		this.root.addEventListener("keydown", (event) => {
			if (event.key !== "Escape" || this.popup.hidden) return;
			event.stopPropagation();
			this.open(false);
			this.button.focus();
		});
		document.addEventListener("pointerdown", this.closeOutside);
	}

	remove(): void {
		document.removeEventListener("pointerdown", this.closeOutside);
		this.root.remove();
	}

	update(layers: readonly LayerInfo[], chosen: readonly string[]): void {
		const isSame =
			layers === this.layers &&
			chosen.length === this.chosen.size &&
			chosen.every((name) => this.chosen.has(name));
		if (isSame) return;
		this.layers = layers;
		this.chosen = new Set(chosen);
		this.button.replaceChildren(`Layers ${chosen.length} of ${layers.length}`, icon("chevron"));
		this.fill();
	}

	private readonly closeOutside = (event: Event): void => {
		if (!this.root.contains(event.target as Node)) this.open(false);
	};

	private open(isOpen: boolean): void {
		this.popup.hidden = !isOpen;
		this.button.setAttribute("aria-expanded", String(isOpen));
		if (isOpen) this.search.focus();
	}

	private fill(): void {
		const wanted = this.search.value.trim().toLowerCase();
		const found = this.layers.filter(({ name }) => name.toLowerCase().includes(wanted));
		const scrolled = this.list.scrollTop;
		this.list.replaceChildren(...found.slice(0, LISTED).map((layer) => this.option(layer)));
		if (found.length === 0) this.list.append(element("p", "nbviz-empty", {}, "No such layer."));
		if (found.length > LISTED) {
			const rest = `${found.length - LISTED} more; type a part of the name.`;
			this.list.append(element("p", "nbviz-empty", {}, rest));
		}
		this.list.scrollTop = scrolled;
	}

	private option({ name, shape }: LayerInfo): HTMLElement {
		const box = element("input", "", { type: "checkbox" });
		box.checked = this.chosen.has(name);
		box.addEventListener("change", () => {
			const names = this.layers.map((layer) => layer.name);
			this.choose(names.filter((one) => (one === name ? box.checked : this.chosen.has(one))));
			const again = [...this.list.querySelectorAll("input")];
			again[found(this.list, name)]?.focus();
		});
		return element(
			"label",
			"nbviz-layer",
			{ "data-name": name },
			box,
			element("span", "nbviz-layer-name", {}, name),
			element("span", "nbviz-layer-shape", {}, formatShape(shape)),
		);
	}
}

function found(list: HTMLElement, name: string): number {
	return [...list.children].findIndex((child) => (child as HTMLElement).dataset.name === name);
}

function action(label: string, act: () => void): HTMLButtonElement {
	const made = element(
		"button",
		"nbviz-button nbviz-button-quiet nbviz-button-small",
		{ type: "button" },
		label,
	);
	made.addEventListener("click", act);
	return made;
}
