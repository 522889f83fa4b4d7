// The strip below the drawing: all that is known of the chosen box, as text.

import type { GraphNode, OverlayName } from "../../../protocol/index.gen";
import type { Panel } from "../../../session/panel";
import type { ModuleContent } from "../../../session/panel-data";
import { element } from "../../../ui/element";
import { formatCount, formatShape } from "../../../ui/format";
import { AUTOGRAD } from "../drawing/autograd";
import { shortCount } from "../drawing/box-text";
import { OVERLAYS } from "../overlays/scale";

export interface BoxFacts {
	/** What each panel has of the box's module. */
	readonly contents: readonly (readonly [Panel, ModuleContent])[];
	/** What the overlay in sight says of the box. */
	readonly measured: { readonly overlay: OverlayName; readonly value: string } | undefined;
	/** Whether the box's layer is watched; undefined where it cannot be. */
	readonly isWatched: boolean | undefined;
	/** Has it watched, or no more. */
	watch(): void;
	/** Brings a panel into sight; undefined where the view does not have it. */
	leadTo(panel: string): (() => void) | undefined;
}

const HINT =
	"Click a box to inspect it, double-click to open it; drag to move, Ctrl + wheel to zoom.";

/** Fills the strip for a box, or for none. */
export function showDetails(
	strip: HTMLElement,
	node: GraphNode | undefined,
	inputs: string,
	{ contents, measured, isWatched, watch, leadTo }: BoxFacts,
): void {
	if (!node) {
		strip.replaceChildren(element("span", "nbviz-graph-hint", {}, HINT));
		return;
	}
	const shapes = node.output_shapes.map(formatShape).join(", ");
	const frozen = node.parameter_count - node.trainable_count;
	const facts: (readonly [string, string])[] = [
		["Type", node.kind === "module" || node.kind === "operation" ? node.type : kindOf(node)],
		["Settings", node.detail],
		["Input", inputs],
		["Output", shapes],
		["Dtype", node.dtype],
		["Parameters", node.parameter_count > 0 ? formatCount(node.parameter_count) : ""],
		["Frozen", frozen > 0 ? formatCount(frozen) : ""],
		["Tied", node.child_count > 0 ? "" : node.tied.join("; ")],
		["FLOP", node.flops > 0 ? shortCount(node.flops) : ""],
		["Source", node.source],
		...node.attributes,
		[measured ? OVERLAYS[measured.overlay].label : "", measured?.value ?? ""],
		...contents.flatMap(([, { values = [] }]) => values),
	];
	// What can be done comes first: the facts may be more than there is room for.
	const made = [element("span", "nbviz-graph-name", {}, node.path || node.label)];
	if (isWatched !== undefined) made.push(watchButton(isWatched, watch));
	for (const [{ name, asset }, { isShown, link = asset?.title ?? name }] of contents) {
		const lead = isShown ? leadTo(name) : undefined;
		if (!lead) continue;
		const button = element("button", "nbviz-button nbviz-button-small", { type: "button" }, link);
		button.addEventListener("click", lead);
		made.push(button);
	}
	for (const [name, value] of facts) {
		if (value === "") continue;
		const label = element("span", "nbviz-graph-soft", {}, name);
		made.push(element("span", "nbviz-graph-fact", {}, label, value));
	}
	strip.replaceChildren(...made);
}

function watchButton(isWatched: boolean, watch: () => void): HTMLElement {
	const title = isWatched
		? "Record no more of it; what was recorded stays"
		: "Record its statistics, histograms and feature maps from now on";
	const button = element(
		"button",
		"nbviz-button nbviz-button-small nbviz-graph-watch",
		{ type: "button", title, "aria-pressed": String(isWatched) },
		isWatched ? "Watched" : "Watch",
	);
	button.addEventListener("click", watch);
	return button;
}

/** What an input or output is; in a backward graph, which of them it is. */
function kindOf({ kind, autograd }: GraphNode): string {
	return autograd ? AUTOGRAD[autograd] : kind;
}
