// What a pinned panel has beside its own title: a handle to drag it by, and a menu with the same.
import { element } from "../../ui/element";
import { icon } from "../../ui/icons";
import { menu } from "../../ui/menu";
import { dragToReorder } from "./reorder";
import { separator } from "./separator";

export interface PinActions {
	move(by: number): void;
	unpin(): void;
	height(): number;
	resize(height: number): void;
}

const STEP = 80;

/** Puts the handle, the menu and the lower edge into a pinned panel's frame. Returns a function that removes them. */
export function addPinTools(frame: HTMLElement, title: string, actions: PinActions): () => void {
	const label = `Move ${title}: drag, arrow keys, or a click for more`;
	const handle = element(
		"button",
		"nbviz-button nbviz-button-quiet nbviz-icon-button nbviz-pin-handle",
		{ type: "button", title: label, "aria-label": label, "data-lm-suppress-shortcuts": "true" },
		icon("more"),
	);
	const { root, close } = menu(handle, [
		{ label: "Back to the tabs", run: () => actions.unpin() },
		{ label: "Move up", run: () => actions.move(-1) },
		{ label: "Move down", run: () => actions.move(1) },
		{ label: "Higher", run: () => actions.resize(actions.height() + STEP) },
		{ label: "Lower", run: () => actions.resize(actions.height() - STEP) },
	]);
	root.classList.add("nbviz-pin-tools");
	handle.addEventListener("keydown", (event) => {
		if (handle.getAttribute("aria-expanded") === "true") return;
		const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
		if (by === 0) return;
		event.preventDefault();
		event.stopPropagation();
		actions.move(by);
		handle.focus();
	});
	dragToReorder(handle, frame, "y", (by) => actions.move(by));
	const edge = separator("horizontal", `Height of ${title}`, {
		read: () => actions.height(),
		perPixel: () => 1,
		write: (height) => actions.resize(height),
	});
	frame.append(root, edge);
	return () => {
		close();
		root.remove();
		edge.remove();
	};
}
