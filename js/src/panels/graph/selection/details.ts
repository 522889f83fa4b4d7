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
	{ contents, measured, leadTo }: BoxFacts,
): void {
	if (!node) {
		strip.replaceChildren(element("span", "nbviz-graph-hint", {}, HINT));
		return;
	}
	const shapes = node.output_shapes.map(formatShape).join(", ");
	const frozen = node.parameter_count - node.trainable_count;
	const facts: (readonly [string, string])[] = [
		["", node.path || node.label],
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
	const made = facts
		.filter(([, value]) => value !== "")
		.map(([name, value]) =>
			element(
				"span",
				name ? "nbviz-graph-fact" : "nbviz-graph-name",
				{},
				...(name ? [element("span", "nbviz-graph-soft", {}, name), value] : [value]),
			),
		);
	for (const [{ name }, { link }] of contents) {
		const lead = leadTo(name);
		if (!lead || link === undefined) continue;
		const button = element("button", "nbviz-button nbviz-button-small", { type: "button" }, link);
		button.addEventListener("click", lead);
		made.push(button);
	}
	strip.replaceChildren(...made);
}

/** What an input or output is; in a backward graph, which of them it is. */
function kindOf({ kind, autograd }: GraphNode): string {
	return autograd ? AUTOGRAD[autograd] : kind;
}
