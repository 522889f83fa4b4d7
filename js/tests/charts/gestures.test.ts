// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { Range } from "../../src/charts/axis";
import { followPan, scaled, type Wheel, wheelRange } from "../../src/charts/gestures";

const RANGE = { min: 0, max: 100 };

// The test page's own WheelEvent knows no ctrl key.
function wheel(turn: Partial<Wheel>): Wheel {
	const still = { deltaX: 0, deltaY: 0, deltaMode: 0 };
	return { ...still, ctrlKey: false, metaKey: false, shiftKey: false, ...turn };
}

test("the wheel alone is the notebook's", () => {
	expect(wheelRange(wheel({ deltaY: 100 }), RANGE, 50, 200)).toBeUndefined();
});

test("with ctrl it zooms around the pointer, with shift it pans", () => {
	const zoomed = wheelRange(wheel({ deltaY: -100, ctrlKey: true }), RANGE, 25, 200);
	expect(zoomed && zoomed.max - zoomed.min).toBeLessThan(100);
	expect(zoomed && (25 - zoomed.min) / (zoomed.max - zoomed.min)).toBeCloseTo(0.25);
	const panned = wheelRange(wheel({ deltaY: 50, shiftKey: true }), RANGE, 25, 200);
	expect(panned).toEqual({ min: 25, max: 125 });
});

test("scaling keeps its center", () => {
	expect(scaled(RANGE, 20, 0.5)).toEqual({ min: 10, max: 60 });
});

test("a pan follows the pointer until the button is let go", () => {
	const ranges: Range[] = [];
	const at = (type: string, clientX: number) => new MouseEvent(type, { clientX });
	followPan(at("mousedown", 100), RANGE, 200, (range) => ranges.push(range));
	document.dispatchEvent(at("mousemove", 80));
	document.dispatchEvent(at("mouseup", 80));
	document.dispatchEvent(at("mousemove", 10));
	expect(ranges).toEqual([{ min: 10, max: 110 }]);
});
