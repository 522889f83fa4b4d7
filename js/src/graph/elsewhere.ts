// What the choice of a box does in the other panels of the view.
import { isOfModule } from "../charts/tag-groups";
import type { Context } from "../panels/panel";
import { selectionOf } from "../panels/selection";
import type { GraphNode } from "../protocol/index.gen";
import type { RunState } from "../store";
import { hasWeights } from "./details";
import { hold } from "./hold";

/**
 * Has the weights and the media show a box's module, if they have anything of it; `drawing`, in which
 * the box was chosen, stays where it is on the screen.
 */
export function showElsewhere(
	context: Context,
	run: RunState | undefined,
	node: GraphNode,
	drawing: Element,
): void {
	const selection = selectionOf(context);
	const isWatched = [...(run?.media.entries.keys() ?? [])].some((tag) =>
		isOfModule(tag, node.path),
	);
	if (node.path === selection.module || !(isWatched || hasWeights(run, node))) return;
	const above = [...context.root.querySelectorAll<HTMLElement>(".nbviz-slot")].filter(
		(slot) =>
			!slot.contains(drawing) &&
			slot.compareDocumentPosition(drawing) & Node.DOCUMENT_POSITION_FOLLOWING,
	);
	hold(drawing, above, () => selection.showModule(node.path));
}
