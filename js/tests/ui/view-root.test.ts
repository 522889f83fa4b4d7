// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import { viewRoot } from "../../src/ui/view-root";

const SAVED = "abc123";
let el: HTMLElement;
let picture: HTMLElement;

beforeEach(() => {
	picture = document.createElement("figure");
	picture.dataset.nbvizStatic = SAVED;
	el = document.createElement("div");
	document.body.replaceChildren(el, picture);
});

const isShown = (one: HTMLElement) => getComputedStyle(one).display !== "none";

describe("a view and the picture saved beside it", () => {
	test("the picture goes when there is something to draw, and comes back with the view's end", () => {
		const view = viewRoot(el, [], SAVED, true);
		expect(isShown(picture)).toBe(true);
		expect(view.root.dataset.waiting).toBe(SAVED);
		view.show();
		expect(isShown(picture)).toBe(false);
		expect(view.root.dataset.waiting).toBeUndefined();
		view.remove();
		expect(isShown(picture)).toBe(true);
	});

	test("a drawing that came with the widget stands in for the view until then", () => {
		const view = viewRoot(el, [], SAVED, true, undefined, "<svg/>");
		expect(el.querySelector("img")?.src).toBe("data:image/svg+xml,%3Csvg%2F%3E");
		expect(isShown(view.root)).toBe(false);
		view.show();
		expect(el.querySelector("img")).toBeNull();
		expect(isShown(view.root)).toBe(true);
		view.remove();
		expect(el.childElementCount).toBe(0);
	});
});
