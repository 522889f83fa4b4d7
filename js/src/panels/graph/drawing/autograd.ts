// The kinds of nodes of a backward graph, and the key to their colours.

import type { AutogradKind, AutogradTie, GraphLevel } from "../../../protocol/index.gen";
import { element } from "../../../ui/element";

/** Each kind in words. */
export const AUTOGRAD: Record<AutogradKind, string> = {
	function: "backward function",
	leaf: "leaf, gets a gradient",
	saved: "saved tensor",
	output: "output",
	base: "viewed by the output",
};

/** Each line without a gradient in words. */
export const AUTOGRAD_TIES: Record<AutogradTie, string> = {
	saved: "saved for the backward pass",
	view: "viewed",
};

/** torchviz's colours, as in graph-autograd.css, for canvases. */
export const AUTOGRAD_COLOURS: Record<AutogradKind, string> = {
	function: "#d3d3d3",
	leaf: "#add8e6",
	saved: "#ffa500",
	output: "#caff70",
	base: "#a2cd5a",
};

/** The key to the colours of a backward graph; nothing for a model's. */
export function autogradKey(root: GraphLevel | undefined): HTMLElement[] {
	if (!root?.nodes.some(({ autograd }) => autograd)) return [];
	return Object.entries(AUTOGRAD).map(([kind, words]) =>
		element(
			"span",
			"nbviz-autograd-key",
			{},
			element("span", `nbviz-swatch nbviz-autograd-${kind}`),
			words,
		),
	);
}
