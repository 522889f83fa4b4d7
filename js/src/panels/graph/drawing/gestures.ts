// What clicks, the pointer and keys on the drawing do.

import { HEADER } from "./box-text";
import { neighbour } from "./neighbours";
import { boxOf, type GraphStage } from "./stage";

export interface StageActs {
	/** The box that the keys go on from. */
	readonly chosen: () => string | undefined;
	choose(id: string | undefined): void;
	toggle(id: string): void;
	/** The pointer is over a box, or over none. */
	point(id: string | undefined): void;
	search(): void;
}

/** Has the drawing act on what a reader does with it. */
export function listen(stage: GraphStage, acts: StageActs): void {
	const { frame, camera } = stage;
	const idOf = (event: Event) =>
		(event.target as Element).closest<SVGGElement>("[data-node-id]")?.dataset.nodeId;
	const isOpener = (event: Event) =>
		(event.target as Element).classList.contains("nbviz-graph-opener");
	frame.addEventListener("click", (event) => {
		const id = idOf(event);
		acts.choose(id);
		if (id !== undefined && isOpener(event)) acts.toggle(id);
	});
	frame.addEventListener("dblclick", (event) => {
		const id = idOf(event);
		const box = stage.scene && boxOf(stage.scene, id);
		if (!box || id === undefined || isOpener(event)) return;
		const { top } = frame.getBoundingClientRect();
		const { y, height } = camera.view;
		const at = y + ((event.clientY - top) / (frame.clientHeight || 1)) * height;
		// Inside of an open box there is room to double-click without closing it.
		if (!box.open || at - box.y < HEADER) acts.toggle(id);
	});
	frame.addEventListener("pointerover", (event) => acts.point(idOf(event)));
	frame.addEventListener("pointerleave", () => acts.point(undefined));
	frame.addEventListener("keydown", (event) => {
		if (press(stage, acts, event)) event.preventDefault();
	});
}

/** Returns whether a key does something here. */
function press(
	{ scene, camera }: GraphStage,
	acts: StageActs,
	{ key, ctrlKey, metaKey, altKey }: KeyboardEvent,
): boolean {
	if (!scene || ctrlKey || metaKey || altKey) return false;
	const chosen = acts.chosen();
	const next = neighbour(scene, chosen, key);
	if (next !== undefined) {
		const box = boxOf(scene, next);
		if (box) camera.reveal(box);
		acts.choose(next);
	} else if ((key === "Enter" || key === " ") && chosen) acts.toggle(chosen);
	else if (key === "Escape") acts.choose(undefined);
	else if (key === "+" || key === "=") camera.zoom(1.25);
	else if (key === "-") camera.zoom(0.8);
	else if (key === "0") camera.fit();
	else if (key === "/") acts.search();
	else return key.startsWith("Arrow");
	return true;
}
