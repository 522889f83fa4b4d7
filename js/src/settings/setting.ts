// One value of a run that can be changed while it trains: a slider, a field, and the state of a change.

import type { Setting } from "../protocol/index.gen";
import { element } from "../ui/element";
import { formatField, formatNumber } from "../ui/format";

const POSITIONS = 1000;
const LABELS: Record<string, string> = { lr: "Learning rate" };

/** What a setting is called on the page. */
function settingLabel(name: string): string {
	const known = LABELS[name];
	if (known) return known;
	const words = name.replace(/_/g, " ");
	return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A setting's control. `apply` resolves when the kernel accepted the value. */
export class SettingControl {
	readonly root: HTMLElement;
	private readonly slider = element("input", "nbviz-slider", {
		type: "range",
		"data-lm-suppress-shortcuts": "true", // JupyterLab moves between cells by arrows
		min: "0",
		max: String(POSITIONS),
		step: "1",
	});
	private readonly field = element("input", "nbviz-input nbviz-setting-field", {
		type: "text",
		inputmode: "decimal",
		autocomplete: "off",
		spellcheck: "false",
	});
	private readonly note = element("span", "nbviz-setting-note");
	private readonly ends = element("span", "nbviz-slider-ends");
	/** What changes the value by itself. */
	private readonly driver = element("span", "nbviz-setting-driver", { hidden: "" });
	private readonly label = element("span", "nbviz-setting-label");
	private range: readonly [number, number];
	private wanted: number | undefined;
	private accepted = false;
	private isEditing = false;

	constructor(
		private setting: Setting,
		private readonly apply: (name: string, value: number) => Promise<unknown>,
		/** It stands in the toolbar's line, where there is no room for a whole name. */
		isBrief = false,
	) {
		const label = settingLabel(setting.name);
		this.range = reach(setting);
		this.slider.setAttribute("aria-label", `${label} slider`);
		this.field.setAttribute("aria-label", label);
		this.field.dataset.setting = setting.name;
		this.root = element(
			"div",
			"nbviz-setting",
			{},
			this.label,
			element("div", "nbviz-setting-range", {}, this.slider, this.ends, this.driver),
			this.field,
			this.note,
		);
		this.label.textContent = isBrief ? setting.name : label;
		this.listen();
		this.show(setting.value);
		this.showDriver([]);
	}

	/**
	 * Shows the run's value, unless the control is being edited or a change is pending. `parts` are
	 * the values of single groups of parameters.
	 */
	update(setting: Setting, parts: readonly Setting[] = []): void {
		const changed = setting !== this.setting;
		this.setting = setting;
		if (changed) this.showDriver(parts);
		if (this.wanted !== undefined) {
			const arrived = Math.abs(setting.value - this.wanted) <= Math.abs(this.wanted) * 1e-6;
			if (!arrived && !(this.accepted && changed)) return;
			this.wanted = undefined;
			this.mark();
		}
		if (!this.isEditing) this.show(setting.value);
	}

	/** Says what drives the value, and how groups differ from it. */
	private showDriver(parts: readonly Setting[]): void {
		const { driver, value } = this.setting;
		const groups = parts.some((part) => part.value !== value)
			? parts.map((part) => `${part.name} ${formatNumber(part.value)}`).join(", ")
			: "";
		const text = [driver && `driven by ${driver}`, groups].filter(Boolean).join(": ");
		this.driver.hidden = text === "";
		if (this.driver.textContent !== text) this.driver.textContent = text;
		this.root.dataset.driven = driver;
		this.root.title = text;
	}

	setEnabled(enabled: boolean): void {
		this.slider.disabled = !enabled;
		this.field.disabled = !enabled;
	}

	private listen(): void {
		this.slider.addEventListener("input", () => {
			this.isEditing = true;
			const value = this.valueAt(Number(this.slider.value));
			this.field.value = formatField(value);
			this.fill();
			this.mark();
		});
		// A drag applies where it ends; what lies on the way is never sent.
		this.slider.addEventListener("change", () =>
			this.send(this.valueAt(Number(this.slider.value))),
		);
		this.field.addEventListener("input", () => {
			this.isEditing = true;
			this.mark();
		});
		this.field.addEventListener("change", () => this.sendField());
		this.field.addEventListener("keydown", (event) => {
			if (event.key === "Enter") this.sendField();
			else if (event.key === "Escape") this.revert();
			else return;
			event.preventDefault();
			event.stopPropagation();
		});
	}

	private sendField(): void {
		if (!this.isEditing) return;
		const value = Number(this.field.value.trim().replace("−", "-").replace(",", "."));
		const { minimum, maximum } = this.setting;
		if (this.field.value.trim() === "" || !Number.isFinite(value)) {
			this.refuse("Type a number, such as 3e-4.");
		} else if (value < minimum || (maximum !== null && value > maximum)) {
			const top = maximum === null ? "" : ` and at most ${formatNumber(maximum)}`;
			this.refuse(`Must be at least ${formatNumber(minimum)}${top}.`);
		} else this.send(value);
	}

	private send(value: number): void {
		this.isEditing = false;
		if (value === this.setting.value) {
			this.show(value);
			this.mark();
			return;
		}
		this.wanted = value;
		this.accepted = false;
		this.show(value);
		this.mark();
		this.apply(this.setting.name, value).then(
			() => {
				this.accepted = true;
			},
			() => this.revert(),
		);
	}

	private revert(): void {
		this.isEditing = false;
		this.wanted = undefined;
		this.show(this.setting.value);
		this.mark();
	}

	private refuse(reason: string): void {
		this.field.setAttribute("aria-invalid", "true");
		this.note.textContent = reason;
		this.root.dataset.state = "invalid";
	}

	/** Says whether the shown value is the run's own, a preview, or pending. */
	private mark(): void {
		const state = this.isEditing ? "preview" : this.wanted === undefined ? "" : "pending";
		this.root.dataset.state = state;
		this.field.dataset.pending = String(state === "pending");
		this.field.removeAttribute("aria-invalid");
		const now = formatNumber(this.setting.value);
		this.note.textContent =
			state === "preview" ? `now ${now}` : state === "pending" ? "applying…" : "";
	}

	private show(value: number): void {
		const [low, high] = this.range;
		if (value > high || (value < low && value > 0)) {
			this.range = reach({ ...this.setting, value });
		}
		// What a schedule drives changes at each step: more digits would not be read.
		const text = formatField(this.setting.driver ? Number(value.toPrecision(3)) : value);
		if (this.field.value !== text) this.field.value = text;
		this.slider.value = String(this.positionOf(value));
		this.slider.setAttribute("aria-valuetext", text);
		this.fill();
	}

	private fill(): void {
		const [low, high] = this.range.map((end) => element("span", "", {}, formatNumber(end, 2)));
		if (low && high && this.ends.textContent !== `${low.textContent}${high.textContent}`) {
			this.ends.replaceChildren(low, high);
		}
		this.slider.style.setProperty("--filled", `${(Number(this.slider.value) / POSITIONS) * 100}%`);
	}

	private positionOf(value: number): number {
		const [low, high] = this.range;
		if (value <= low) return 0;
		const share =
			this.setting.scale === "log"
				? Math.log(value / low) / Math.log(high / low)
				: (value - low) / (high - low);
		return Math.round(Math.min(1, share) * POSITIONS);
	}

	private valueAt(position: number): number {
		const [low, high] = this.range;
		const share = position / POSITIONS;
		if (this.setting.scale !== "log") return Number((low + share * (high - low)).toPrecision(3));
		if (position === 0) return Math.max(this.setting.minimum, 0);
		return Number((low * (high / low) ** share).toPrecision(2));
	}
}

/** The slider's two ends: the setting's own limits, or decades around its value. */
function reach({ value, minimum, maximum, scale }: Setting): readonly [number, number] {
	// Momentum and dropout must stay below their maximum; a slider that ends there would be refused.
	if (scale === "linear") return [minimum, (maximum ?? Math.max(1, value * 2)) * 0.999];
	const low = minimum > 0 ? minimum : Math.min(1e-6, value > 0 ? value / 100 : 1e-6);
	return [low, maximum ?? Math.max(1, value * 10)];
}
