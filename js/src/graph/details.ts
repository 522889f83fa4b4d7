// The strip below the drawing: all that is known of the chosen box, as text.
import { formatCount, formatShape } from "../format";
import { element } from "../panels/panel";
import type { GraphNode } from "../protocol.gen";
import { shortCount } from "./sizes";

/** Fills the strip for a box, or for none. */
export function showDetails(strip: HTMLElement, node: GraphNode | undefined, inputs: string): void {
	if (!node) {
		strip.replaceChildren(
			element(
				"span",
				"nbviz-graph-hint",
				{},
				"Click a box to open or inspect it; drag to move, Ctrl + wheel to zoom.",
			),
		);
		return;
	}
	const shapes = node.output_shapes.map(formatShape).join(", ");
	const frozen = node.parameter_count - node.trainable_count;
	const facts: [string, string][] = [
		["", node.path || node.label],
		["Type", node.kind === "module" || node.kind === "operation" ? node.type : node.kind],
		["Settings", node.detail],
		["Input", inputs],
		["Output", shapes],
		["Dtype", node.dtype],
		["Parameters", node.parameter_count > 0 ? formatCount(node.parameter_count) : ""],
		["Frozen", frozen > 0 ? formatCount(frozen) : ""],
		["FLOP", node.flops > 0 ? shortCount(node.flops) : ""],
		["Source", node.source],
	];
	strip.replaceChildren(
		...facts
			.filter(([, value]) => value !== "")
			.map(([name, value]) =>
				element(
					"span",
					name ? "nbviz-graph-fact" : "nbviz-graph-name",
					{},
					...(name ? [element("span", "nbviz-graph-soft", {}, name), value] : [value]),
				),
			),
	);
}
