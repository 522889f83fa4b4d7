// The strip below the drawing: all that is known of the chosen box, as text.
import { formatCount, formatNumber, formatShape } from "../format";
import { element } from "../panels/panel";
import type { GraphNode, OverlayName } from "../protocol/index.gen";
import type { SeriesData } from "../series-data";
import type { RunState } from "../store";
import { AUTOGRAD } from "./autograd";
import { OVERLAYS } from "./overlay-scale";
import { shortCount } from "./sizes";

export interface Around {
	readonly run: RunState | undefined;
	/** What the overlay in sight says of the box. */
	readonly measured: { readonly overlay: OverlayName; readonly value: string } | undefined;
	/** The view, whose weights panel shows the box's weights and is led to. */
	readonly root: HTMLElement;
}

const HINT =
	"Click a box to inspect it, double-click to open it; drag to move, Ctrl + wheel to zoom.";
const SERIES_SHOWN = 8;

/** Fills the strip for a box, or for none. */
export function showDetails(
	strip: HTMLElement,
	node: GraphNode | undefined,
	inputs: string,
	{ run, measured, root }: Around,
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
		...(run ? seriesOf(run, node.path).flatMap(newest) : []),
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
	const panel = root.querySelector(".nbviz-slot-weights");
	if (panel && hasWeights(run, node)) {
		const button = element(
			"button",
			"nbviz-button nbviz-button-small",
			{ type: "button" },
			"See its weights",
		);
		button.addEventListener("click", () => {
			panel.scrollIntoView({ behavior: "smooth", block: "nearest" });
		});
		made.push(button);
	}
	strip.replaceChildren(...made);
}

/** Whether a box has weights that can be shown. */
export function hasWeights(run: RunState | undefined, { path }: GraphNode): boolean {
	return path !== "" && run?.layers.some(({ name }) => name.startsWith(`${path}.`)) === true;
}

/** What is recorded of a module: `weights/fc.weight/norm`, `activations/fc/mean`. */
export function seriesOf(run: RunState, path: string): SeriesData[] {
	if (path === "") return [];
	return run.series
		.filter(({ tag }) => {
			const [kind, name = ""] = tag.split("/");
			const isOfModules = kind === "weights" || kind === "gradients" || kind === "activations";
			return isOfModules && (name === path || name.startsWith(`${path}.`));
		})
		.slice(0, SERIES_SHOWN);
}

function newest({ tag, last }: SeriesData): (readonly [string, string])[] {
	return last ? [[tag, formatNumber(last.value)]] : [];
}

/** What an input or output is; in a backward graph, which of them it is. */
function kindOf({ kind, autograd }: GraphNode): string {
	return autograd ? AUTOGRAD[autograd] : kind;
}
