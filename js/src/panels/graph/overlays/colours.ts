// The menu of what the graph is coloured by, its scale, and each box's colour and value.

import type { OverlayName } from "../../../protocol/index.gen";
import { element } from "../../../ui/element";
import { formatCount } from "../../../ui/format";
import type { OverlayValues } from "../state";
import type { GraphTree } from "../tree/tree";
import { type PathColours, partColour, pathColours } from "./path-colours";
import { colourOf, OVERLAYS, type Scale, scaleOf } from "./scale";

type Choice = "kind" | "path" | OverlayName;
const PARTS_SHOWN = 10;

export class Colours {
	readonly menu = element("select", "nbviz-select nbviz-graph-colours", {
		"aria-label": "Colours of the graph",
	});
	readonly legend = element("div", "nbviz-graph-legend", { role: "status" });
	private choice: Choice = "kind";
	private picture: OverlayValues | undefined;
	private scale: Scale | undefined;
	private paths: PathColours | undefined;
	private listed = "";

	constructor(
		changed: () => void,
		/** Opens the way to what made the first NaN. */
		private readonly goTo: (boxes: readonly string[]) => void,
	) {
		this.menu.addEventListener("change", () => {
			this.choice = this.menu.value as Choice;
			this.picture = undefined;
			changed();
		});
		this.offer([]);
	}

	/** The overlay that is to be measured, "" for none. */
	get overlay(): OverlayName | "" {
		return this.choice === "kind" || this.choice === "path" ? "" : this.choice;
	}

	/** Where the first NaN or infinity was made: the boxes around it, the outermost first. */
	get first(): readonly string[] {
		return this.picture?.first ?? [];
	}

	/** Lists the overlays that there are. */
	offer(overlays: readonly OverlayName[]): void {
		const listed = JSON.stringify(overlays);
		if (listed === this.listed) return;
		this.listed = listed;
		const option = (value: string, label: string) => element("option", "", { value }, label);
		const known = overlays.filter((name) => name in OVERLAYS);
		const live = element(
			"optgroup",
			"",
			{ label: "While it trains" },
			...known.map((name) => option(name, OVERLAYS[name].label)),
		);
		this.menu.replaceChildren(
			option("kind", "Colour: kind"),
			option("path", "Colour: module"),
			...(known.length > 0 ? [live] : []),
		);
		if (this.overlay && !known.includes(this.overlay)) this.choice = "kind";
		this.menu.value = this.choice;
	}

	/** Takes what is newest. `waiting` says why there is nothing yet. */
	update(tree: GraphTree | undefined, picture: OverlayValues | undefined, waiting: string): void {
		const { overlay } = this;
		this.paths = this.choice === "path" && tree ? pathColours(tree) : undefined;
		this.picture = overlay && picture?.overlay === overlay ? picture : undefined;
		this.scale =
			overlay && this.picture ? scaleOf(overlay, this.picture.values.values()) : undefined;
		this.legend.hidden = this.choice === "kind";
		if (this.paths) this.legend.replaceChildren(...parts(this.paths));
		else if (overlay) this.legend.replaceChildren(...this.scaleBar(overlay, waiting));
	}

	/** Whether an overlay has no values yet. */
	get isWaiting(): boolean {
		return this.overlay !== "" && this.picture === undefined;
	}

	/** Whether boxes have colours of their own, instead of those of what they do. */
	get isOn(): boolean {
		return this.choice !== "kind";
	}

	/** A box's colour as a CSS value. */
	colour(id: string): string | undefined {
		if (this.paths) return this.paths.of(id);
		const value = this.picture?.values.get(id);
		return value === undefined || !this.scale ? undefined : colourOf(this.scale.share(value));
	}

	/** What the overlay measures; "" for none. */
	get label(): string {
		return this.overlay ? OVERLAYS[this.overlay].label : "";
	}

	/** A box's value as text. */
	readonly text = (id: string): string | undefined => {
		const value = this.picture?.values.get(id);
		return value === undefined || !this.overlay ? undefined : OVERLAYS[this.overlay].text(value);
	};

	private scaleBar(overlay: OverlayName, waiting: string): HTMLElement[] {
		const { label, hint, kind, text } = OVERLAYS[overlay];
		const { picture, scale } = this;
		const made = [element("span", "nbviz-graph-legend-title", { title: hint }, label)];
		if (!picture || !scale) {
			made.push(element("span", "nbviz-graph-soft", {}, waiting));
			return made;
		}
		if (picture.values.size > 0) {
			const bar = element("span", `nbviz-graph-bar nbviz-graph-bar-${kind}`, {
				"aria-hidden": "true",
			});
			made.push(
				element(
					"span",
					"nbviz-graph-scale",
					{ title: hint },
					text(scale.minimum),
					bar,
					text(scale.maximum),
					...(scale.isLog ? [element("span", "nbviz-graph-soft", {}, "log")] : []),
				),
			);
		} else if (!picture.note) {
			const nothing = "Nothing in sight has such a value; open a box to see more.";
			made.push(element("span", "nbviz-graph-soft", {}, nothing));
		}
		made.push(element("span", "nbviz-graph-soft", {}, `step ${formatCount(picture.step)}`));
		if (picture.note) {
			const name = picture.first.length > 0 ? "nbviz-graph-alarm" : "nbviz-graph-soft";
			made.push(element("span", name, {}, picture.note));
		}
		if (picture.first.length > 0) {
			const button = element(
				"button",
				"nbviz-button nbviz-button-small",
				{ type: "button" },
				"Show it",
			);
			button.addEventListener("click", () => this.goTo(picture.first));
			made.push(button);
		}
		return made;
	}
}

function parts({ parts: names }: PathColours): HTMLElement[] {
	const made = names.slice(0, PARTS_SHOWN).map((name, i) => {
		const swatch = element("span", "nbviz-graph-swatch");
		swatch.style.background = partColour(i);
		return element("span", "nbviz-graph-part", {}, swatch, name);
	});
	const rest = names.length - made.length;
	if (rest > 0) made.push(element("span", "nbviz-graph-soft", {}, `and ${rest} more`));
	return made;
}
