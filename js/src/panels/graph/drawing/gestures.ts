// What clicks, the pointer and keys on the drawing do.

import { HEADER } from "./box-text";
import { neighbour } from "./neighbours";
import { boxOf, type GraphViewport } from "./viewport";

export interface ViewportActions {
	/** The box that the keys go on from. */
	readonly chosen: () => string | undefined;
	choose(id: string | undefined): void;
	toggle(id: string): void;
	/** The pointer is over a box, or over none. */
	point(id: string | undefined): void;
	search(): void;
}

/** Has the drawing act on what a reader does with it. */
export function listen(viewport: GraphViewport, actions: ViewportActions): void {
	const { frame, camera } = viewport;
	const idOf = (event: Event) =>
		(event.target as Element).closest<SVGGElement>("[data-node-id]")?.dataset.nodeId;
	const isOpener = (event: Event) =>
		(event.target as Element).classList.contains("nbviz-graph-opener");
	frame.addEventListener("click", (event) => {
		const id = idOf(event);
		actions.choose(id);
		if (id !== undefined && isOpener(event)) actions.toggle(id);
	});
	frame.addEventListener("dblclick", (event) => {
		const id = idOf(event);
		const box = viewport.scene && boxOf(viewport.scene, id);
		if (!box || id === undefined || isOpener(event)) return;
		const { top } = frame.getBoundingClientRect();
		const { y, height } = camera.view;
		const at = y + ((event.clientY - top) / (frame.clientHeight || 1)) * height;
		// Inside of an open box there is room to double-click without closing it.
		if (!box.open || at - box.y < HEADER) actions.toggle(id);
	});
	frame.addEventListener("pointerover", (event) => actions.point(idOf(event)));
	frame.addEventListener("pointerleave", () => actions.point(undefined));
	frame.addEventListener("keydown", (event) => {
		if (press(viewport, actions, event)) event.preventDefault();
	});
}

/** Returns whether a key does something here. */
function press(
	{ scene, camera }: GraphViewport,
	actions: ViewportActions,
	{ key, ctrlKey, metaKey, altKey }: KeyboardEvent,
): boolean {
	if (!scene || ctrlKey || metaKey || altKey) return false;
	const chosen = actions.chosen();
	const next = neighbour(scene, chosen, key);
	if (next !== undefined) {
		const box = boxOf(scene, next);
		if (box) camera.reveal(box);
		actions.choose(next);
	} else if ((key === "Enter" || key === " ") && chosen) actions.toggle(chosen);
	else if (key === "Escape") actions.choose(undefined);
	else if (key === "+" || key === "=") camera.zoom(1.25);
	else if (key === "-") camera.zoom(0.8);
	else if (key === "0") camera.fit();
	else if (key === "/") actions.search();
	else return key.startsWith("Arrow");
	return true;
}
