// A part of the view that scrolls by itself. The wheel scrolls the notebook, as over any other output,
// unless the pointer rests in a room that was clicked.

const ROUNDING = 4;

/** Makes `element` a room, filled with `content`. Returns a function that undoes it. */
export function room(element: HTMLElement, content: Element): () => void {
	element.classList.add("nbviz-room");
	const enter = () => {
		element.dataset.active = "true";
	};
	const leave = () => {
		delete element.dataset.active;
	};
	const focused = ({ target }: Event) => {
		if ((target as Element).matches(":focus-visible")) enter();
	};
	const measure = () => {
		const { scrollTop, clientHeight, scrollHeight } = element;
		element.dataset.more = String(scrollTop + clientHeight < scrollHeight - ROUNDING);
	};
	const sizes = new ResizeObserver(measure);
	sizes.observe(element);
	sizes.observe(content);
	const listeners: [string, (event: Event) => void][] = [
		["pointerdown", enter],
		["pointerleave", leave],
		["focusin", focused],
		["focusout", leave],
		["scroll", measure],
	];
	for (const [name, listener] of listeners) {
		element.addEventListener(name, listener, { passive: true });
	}
	return () => {
		sizes.disconnect();
		for (const [name, listener] of listeners) element.removeEventListener(name, listener);
	};
}
