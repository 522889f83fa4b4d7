// @vitest-environment happy-dom
// A video in its card: it plays, stops, and is scrubbed, and says what was left out of it.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ItemHost } from "../../../src/items/view";
import { VideoView } from "../../../src/panels/media/video-view";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
});
afterEach(() => vi.useRealTimers());

const HOST = { tag: "walk" } as ItemHost;

function taken(every = 1): VideoView {
	const view = new VideoView(HOST);
	view.take({
		kind: "video_sent",
		client_id: "",
		request_id: 0,
		run_id: "a",
		tag: "walk",
		step: 7,
		fps: 10,
		frames: 5,
		every,
		columns: 2,
		height: 4,
		width: 6,
		reduced: 2,
		buffer: 0,
		bytes: new DataView(new ArrayBuffer(8)),
	});
	return view;
}

const frame = ({ root }: VideoView) => Number(root.dataset.frame);

test("it plays at its speed, begins anew, and stops", () => {
	const view = taken();
	const button = view.root.querySelector("button");
	expect([frame(view), button?.getAttribute("aria-label")]).toEqual([0, "Play walk"]);
	button?.click();
	vi.advanceTimersByTime(300);
	expect([frame(view), button?.getAttribute("aria-label")]).toEqual([3, "Pause walk"]);
	vi.advanceTimersByTime(300);
	expect(frame(view)).toBe(1);
	button?.click();
	vi.advanceTimersByTime(1000);
	expect(frame(view)).toBe(1);
	view.remove();
});

test("the slider shows a frame and stops it", () => {
	const view = taken();
	view.root.querySelector("button")?.click();
	const slider = view.root.querySelector("input");
	if (!slider) throw new Error("it has a slider");
	slider.value = "4";
	slider.dispatchEvent(new Event("input"));
	vi.advanceTimersByTime(1000);
	expect(frame(view)).toBe(4);
	expect(slider.getAttribute("aria-valuetext")).toBe("5 of 5");
});

test("of a video that was thinned it says so, and keeps its speed", () => {
	const view = taken(2);
	expect(view.show()).toEqual({
		step: 7,
		note: "6 × 4, 5 frames, 10 a second, 1 of 2 sent, sent at 1/2",
	});
	view.root.querySelector("button")?.click();
	vi.advanceTimersByTime(200);
	expect(frame(view)).toBe(1);
	vi.advanceTimersByTime(400);
	expect(frame(view)).toBe(0);
	view.remove();
});
