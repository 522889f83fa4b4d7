// Panning and zooming a chart by drag and wheel: each gives the range to show next.
import type { Range } from "./axis";

/** Radians of e a pixel of the wheel: a notch zooms by about a third. */
const WHEEL_SPEED = 0.003;
const LINE_PX = 16;
/** A drag selects from this far on, in CSS pixels. */
const LEAST_DRAG = 5;
/** A direction counts beside the other one from this far on. */
const LEAST_BOTH = 24;

/** A point in CSS pixels. */
export interface Place {
	readonly x: number;
	readonly y: number;
}

/**
 * Follows the pointer from `down` until its button is released; `moved` gets how far it is from there,
 * and whether the drag is over. Returns a function that ends it before that, without a last call.
 */
export function followDrag(
	down: MouseEvent,
	moved: (by: Place, isOver: boolean) => void,
): () => void {
	const by = ({ clientX, clientY }: MouseEvent) => ({
		x: clientX - down.clientX,
		y: clientY - down.clientY,
	});
	const move = (event: MouseEvent) => moved(by(event), false);
	const up = (event: MouseEvent) => {
		end();
		moved(by(event), true);
	};
	const end = () => {
		document.removeEventListener("mousemove", move);
		document.removeEventListener("mouseup", up);
	};
	document.addEventListener("mousemove", move);
	document.addEventListener("mouseup", up);
	return end;
}

/**
 * Pans a plot that is `width` CSS pixels wide and shows `start`, from `down` until the button is
 * released; `pan` gets each new range. Returns a function that ends it before that.
 */
export function followPan(
	down: MouseEvent,
	start: Range,
	width: number,
	pan: (range: Range) => void,
): () => void {
	const perPixel = (start.max - start.min) / width;
	return followDrag(down, ({ x }, isOver) => {
		if (!isOver) pan({ min: start.min - x * perPixel, max: start.max - x * perPixel });
	});
}

/**
 * The area that a drag selects of a plot, undefined while it is too short for one: a drag along one
 * direction selects the whole of the other.
 */
export function dragged(
	start: Place,
	end: Place,
	width: number,
	height: number,
): { left: number; top: number; right: number; bottom: number } | undefined {
	const across = Math.abs(end.x - start.x);
	const down = Math.abs(end.y - start.y);
	let byX = across >= LEAST_DRAG;
	let byY = down >= LEAST_DRAG;
	if (!byX && !byY) return undefined;
	if (byX && byY) {
		byX = across >= LEAST_BOTH || (down < LEAST_BOTH && across >= down);
		byY = down >= LEAST_BOTH || (across < LEAST_BOTH && down > across);
	}
	const within = (value: number, most: number) => Math.min(most, Math.max(0, value));
	const [x0, x1] = [within(start.x, width), within(end.x, width)];
	const [y0, y1] = [within(start.y, height), within(end.y, height)];
	return {
		left: byX ? Math.min(x0, x1) : 0,
		right: byX ? Math.max(x0, x1) : width,
		top: byY ? Math.min(y0, y1) : 0,
		bottom: byY ? Math.max(y0, y1) : height,
	};
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
