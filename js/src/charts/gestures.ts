// Panning and zooming a chart by drag and wheel: each gives the x range to show next.
import type { Range } from "./axis";

/** Radians of e a pixel of the wheel: a notch zooms by about a third. */
const WHEEL_SPEED = 0.003;
const LINE_PX = 16;

/**
 * Follows the pointer from `down` until its button is let go; `pan` is told each new range of a plot
 * that is `width` CSS pixels wide and shows `start`. Returns how to stop before that.
 */
export function followPan(
	down: MouseEvent,
	start: Range,
	width: number,
	pan: (range: Range) => void,
): () => void {
	const perPixel = (start.max - start.min) / width;
	const move = (event: MouseEvent) => {
		const by = (down.clientX - event.clientX) * perPixel;
		pan({ min: start.min + by, max: start.max + by });
	};
	const end = () => {
		document.removeEventListener("mousemove", move);
		document.removeEventListener("mouseup", end);
	};
	document.addEventListener("mousemove", move);
	document.addEventListener("mouseup", end);
	return end;
}

/** A turn of the wheel. */
export type Wheel = Pick<
	WheelEvent,
	"deltaX" | "deltaY" | "deltaMode" | "ctrlKey" | "metaKey" | "shiftKey"
>;

/** The range after a turn of the wheel at `center`: shift pans, ctrl or ⌘ zooms, else undefined. */
export function wheelRange(
	event: Wheel,
	{ min, max }: Range,
	center: number,
	width: number,
): Range | undefined {
	const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
	// Some browsers turn a wheel with shift sideways.
	const delta = (event.deltaY || event.deltaX) * unit;
	if (event.shiftKey) {
		const by = (delta / width) * (max - min);
		return { min: min + by, max: max + by };
	}
	if (!event.ctrlKey && !event.metaKey) return undefined;
	return scaled({ min, max }, center, Math.exp(Math.max(-0.5, Math.min(0.5, delta * WHEEL_SPEED))));
}

/** `range` grown by `factor` around `center`. */
export function scaled({ min, max }: Range, center: number, factor: number): Range {
	return { min: center + (min - center) * factor, max: center + (max - center) * factor };
}
