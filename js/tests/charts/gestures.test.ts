// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { Range } from "../../src/charts/lines/axis";
import {
	dragged,
	followDrag,
	followPan,
	scaled,
	type Wheel,
	wheelRange,
} from "../../src/charts/lines/gestures";

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

test("a drag selects along the direction in which it goes, and the whole of the other", () => {
	const from = { x: 50, y: 40 };
	const drag = (x: number, y: number) => dragged(from, { x: 50 + x, y: 40 + y }, 200, 100);
	expect(drag(4, -4)).toBeUndefined();
	expect(drag(60, 3)).toEqual({ left: 50, right: 110, top: 0, bottom: 100 });
	expect(drag(3, 30)).toEqual({ left: 0, right: 200, top: 40, bottom: 70 });
	expect(drag(-20, 10)).toEqual({ left: 30, right: 50, top: 0, bottom: 100 });
	expect(drag(10, 20)).toEqual({ left: 0, right: 200, top: 40, bottom: 60 });
	expect(drag(60, 10)).toEqual({ left: 50, right: 110, top: 0, bottom: 100 });
	expect(drag(-30, -30)).toEqual({ left: 20, right: 50, top: 10, bottom: 40 });
	expect(drag(900, -900)).toEqual({ left: 50, right: 200, top: 0, bottom: 40 });
});

test("a drag is followed to its release, or until it is ended", () => {
	const down = new MouseEvent("mousedown", { clientX: 10, clientY: 10 });
	const heard: [number, number, boolean][] = [];
	const follow = () => followDrag(down, ({ x, y }, isOver) => heard.push([x, y, isOver]));
	const send = (type: string, clientX: number) =>
		document.dispatchEvent(new MouseEvent(type, { clientX, clientY: 4 }));
	follow();
	send("mousemove", 30);
	send("mouseup", 31);
	send("mousemove", 32);
	expect(heard).toEqual([
		[20, -6, false],
		[21, -6, true],
	]);
	follow()();
	send("mousemove", 40);
	expect(heard).toHaveLength(2);
});
