// Drags a chart onto another one, to draw both as one.

/** Pixels after which a press is a drag. */
const SLACK = 6;

/** `drop` is called with the title of the chart onto which `chart` is dragged by `handle`. */
export function dragOnto(
	handle: HTMLElement,
	chart: HTMLElement,
	drop: (title: string) => void,
): void {
	handle.addEventListener("pointerdown", (down) => {
		if (down.button !== 0) return;
		let onto: HTMLElement | undefined;
		let isDragged = false;
		const mark = (next: HTMLElement | undefined) => {
			if (onto) delete onto.dataset.drop;
			onto = next;
			if (onto) onto.dataset.drop = "true";
		};
		const follow = (event: PointerEvent) => {
			const away = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY);
			isDragged ||= away > SLACK;
			if (!isDragged) return;
			chart.dataset.dragged = "true";
			mark(chartAt(chart, event));
		};
		const end = (event: Event) => {
			window.removeEventListener("pointermove", follow);
			window.removeEventListener("pointerup", end);
			window.removeEventListener("pointercancel", end);
			window.removeEventListener("keydown", cancel, true);
			delete chart.dataset.dragged;
			const title = event.type === "pointerup" ? onto?.dataset.chart : undefined;
			mark(undefined);
			if (!isDragged) return;
			// The click that ends a drag opens nothing.
			window.addEventListener("click", stop, { capture: true, once: true });
			setTimeout(() => window.removeEventListener("click", stop, { capture: true }));
			if (title !== undefined) drop(title);
		};
		const cancel = (event: KeyboardEvent) => {
			if (event.key !== "Escape" || !isDragged) return;
			event.stopPropagation();
			end(event);
		};
		window.addEventListener("pointermove", follow);
		window.addEventListener("pointerup", end);
		window.addEventListener("pointercancel", end);
		window.addEventListener("keydown", cancel, true);
	});
}

/** The chart of the same panel under the pointer, other than the one that is dragged. */
function chartAt(
	dragged: HTMLElement,
	{ clientX, clientY }: PointerEvent,
): HTMLElement | undefined {
	const page = dragged.getRootNode() as Document | ShadowRoot;
	const found = page.elementFromPoint(clientX, clientY)?.closest<HTMLElement>(".nbviz-chart");
	const panel = dragged.closest(".nbviz-curves");
	return found && found !== dragged && panel?.contains(found) ? found : undefined;
}

function stop(event: Event): void {
	event.stopPropagation();
}
