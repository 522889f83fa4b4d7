// A button of the time line and the box that it opens: fields, what the act costs, and what does it.
import type { Dropdown } from "../ui/dropdown";
import { element } from "../ui/element";
import { popup } from "../ui/popup";

export interface ActBoxParts {
	readonly button: HTMLButtonElement;
	/** What the box is called. */
	readonly label: string;
	readonly rows: readonly HTMLElement[];
	/** What the act does, in a sentence. */
	readonly what: string;
	/** Called before the box is shown. */
	open(): void;
	/** Called once it is there. */
	update(): void;
	act(): void;
}

export class ActBox {
	/** The button that does it. */
	readonly go = element("button", "nbviz-button nbviz-button-main nbviz-button-small", {
		type: "button",
	});
	private readonly cost = element("output", "nbviz-go-back-cost", { "aria-live": "polite" });
	private readonly form: HTMLElement;
	private readonly why = element("p", "nbviz-go-back-why", { hidden: "" });
	private readonly dropdown: Dropdown;

	constructor(private readonly parts: ActBoxParts) {
		this.form = element(
			"div",
			"nbviz-go-back-form",
			{},
			...parts.rows,
			this.cost,
			element("p", "nbviz-go-back-what", {}, parts.what),
			this.go,
		);
		const box = element("div", "nbviz-go-back-box", {}, this.form, this.why);
		this.dropdown = popup(parts.button, box, parts.label, () => {
			parts.open();
			requestAnimationFrame(() => parts.update());
		});
		this.form.addEventListener("keydown", (event) => {
			if (!(event.target instanceof HTMLInputElement)) return;
			if (event.key === "Enter") parts.act();
			if (event.key !== "Escape") event.stopPropagation(); // letters are shortcuts outside
		});
		this.go.addEventListener("click", () => parts.act());
	}

	get root(): HTMLElement {
		return this.dropdown.root;
	}

	get isOpen(): boolean {
		return this.parts.button.getAttribute("aria-expanded") === "true";
	}

	close(): void {
		this.dropdown.close();
	}

	/** Close it after its act. */
	leave(): void {
		this.close();
		this.parts.button.focus();
	}

	/** Show why the act is not possible in the place of the fields; "" shows them. */
	refuse(why: string): void {
		this.parts.button.setAttribute("aria-disabled", String(why !== ""));
		this.form.hidden = why !== "";
		this.why.hidden = why === "";
		this.why.textContent = why;
	}

	/** Show what the act costs, or what is wrong with what is filled in. */
	say(text: string, isWrong: boolean): void {
		this.cost.textContent = text;
		this.cost.dataset.bad = String(isWrong);
		this.go.setAttribute("aria-disabled", String(isWrong));
	}
}

/** A field with its name. */
export function row(label: string, field: HTMLElement): HTMLElement {
	return element("label", "nbviz-go-back-row", {}, element("span", "", {}, label), field);
}
