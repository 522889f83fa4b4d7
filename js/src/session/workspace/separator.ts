// An edge that is dragged, or moved by arrow keys, to size what is beside it.
import { element } from "../../ui/element";

export interface Sized {
	/** The size now. */
	read(): number;
	/** What a pixel of the way is in the unit of the size. */
	perPixel(): number;
	write(size: number): void;
}

/** Pixels that an arrow key moves it. */
const STEP = 16;

/** A separator that lies beside what it sizes, to the right of it or below it. */
export function separator(
	orientation: "horizontal" | "vertical",
	label: string,
	sized: Sized,
): HTMLElement {
	const isVertical = orientation === "vertical";
	const edge = element("div", `nbviz-edge nbviz-edge-${orientation}`, {
		role: "separator",
		tabindex: "0",
		"aria-orientation": orientation,
		"aria-label": label,
		title: `${label}: drag, or use the arrow keys`,
		"data-lm-suppress-shortcuts": "true", // JupyterLab moves between cells by arrows
	});
	const change = (size: number) => {
		sized.write(size);
		edge.setAttribute("aria-valuenow", String(Math.round(sized.read())));
	};
	edge.addEventListener("pointerdown", (down) => {
		if (down.button !== 0) return;
		down.preventDefault();
		edge.focus();
		edge.setPointerCapture(down.pointerId);
		const [from, scale] = [sized.read(), sized.perPixel()];
		const follow = (event: PointerEvent) => {
			const way = isVertical ? event.clientX - down.clientX : event.clientY - down.clientY;
			change(from + way * scale);
		};
		const end = () => edge.removeEventListener("pointermove", follow);
		edge.addEventListener("pointermove", follow);
		edge.addEventListener("pointerup", end, { once: true });
		edge.addEventListener("pointercancel", end, { once: true });
	});
	edge.addEventListener("keydown", (event) => {
		const [less, more] = isVertical ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
		const way = event.key === more ? STEP : event.key === less ? -STEP : 0;
		if (way === 0) return;
		event.preventDefault();
		event.stopPropagation();
		change(sized.read() + way * sized.perPixel());
	});
	return edge;
}
