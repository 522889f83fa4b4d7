// What opens below a button stays within its view, however near to the view's edge the button is.

const EDGE = 4;

/** Moves a box that has just been shown sideways, as far as it reaches out of its view. */
export function keepInside(box: HTMLElement): void {
	box.style.translate = "";
	const view = box.closest(".nbviz") ?? document.body;
	const [{ left, right }, room] = [box.getBoundingClientRect(), view.getBoundingClientRect()];
	const before = room.left + EDGE - left;
	const behind = room.right - EDGE - right;
	const shift = before > 0 ? before : behind < 0 ? Math.max(behind, before) : 0;
	if (shift !== 0) box.style.translate = `${shift}px 0`;
}
