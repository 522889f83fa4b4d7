// What the selection of a box does in the other panels of the view.
import type { Context } from "../../../session/panel";
import { selectionOf } from "../../../session/selection";
import { keepInView } from "./keep-in-view";

/**
 * Selects a module for all panels of the view; `drawing`, in which its box was selected, stays where it
 * is on the screen.
 */
export function selectModule(context: Context, path: string, drawing: Element): void {
	const selection = selectionOf(context);
	if (path === selection.module) return;
	const above = [...context.root.querySelectorAll<HTMLElement>(".nbviz-slot")].filter(
		(slot) =>
			!slot.contains(drawing) &&
			slot.compareDocumentPosition(drawing) & Node.DOCUMENT_POSITION_FOLLOWING,
	);
	keepInView(drawing, above, () => selection.selectModule(path));
}
