// Drags an element past its neighbours: each time the pointer passes the middle of one, both change places.

/** Pixels after which a press is a drag. */
const SLACK = 6;

/** `move` is called with −1 or 1 when `moving` is dragged by `handle` past the neighbour before or after it. */
export function dragToReorder(
	handle: HTMLElement,
	moving: HTMLElement,
	axis: "x" | "y",
	move: (by: number) => void,
): void {
	handle.addEventListener("pointerdown", (down) => {
		if (down.button !== 0) return;
		const at = (event: PointerEvent) => (axis === "x" ? event.clientX : event.clientY);
		const middle = (one: Element) => {
			const { left, top, width, height } = one.getBoundingClientRect();
			return axis === "x" ? left + width / 2 : top + height / 2;
		};
		let isDragged = false;
		const follow = (event: PointerEvent) => {
			isDragged ||= Math.abs(at(event) - at(down)) > SLACK;
			if (!isDragged) return;
			moving.dataset.dragged = "true";
			const before = shown(moving, "previousElementSibling");
			const after = shown(moving, "nextElementSibling");
			if (before && at(event) < middle(before)) move(-1);
			else if (after && at(event) > middle(after)) move(1);
		};
		const end = (event: Event) => {
			delete moving.dataset.dragged;
			window.removeEventListener("pointermove", follow);
			window.removeEventListener("pointerup", end);
			window.removeEventListener("pointercancel", end);
			// The click that ends a drag opens nothing.
			if (isDragged && event.type === "pointerup") {
				window.addEventListener("click", stop, { capture: true, once: true });
				setTimeout(() => window.removeEventListener("click", stop, { capture: true }));
			}
		};
		window.addEventListener("pointermove", follow);
		window.addEventListener("pointerup", end);
		window.addEventListener("pointercancel", end);
	});
}

function shown(
	from: HTMLElement,
	to: "previousElementSibling" | "nextElementSibling",
): Element | undefined {
	let next = from[to];
	while (next && (next as HTMLElement).offsetParent === null) next = next[to];
	return next ?? undefined;
}

function stop(event: Event): void {
	event.stopPropagation();
}
