// @vitest-environment happy-dom
// A picture in its card: enlarged it is magnified, moved as far as there is something to see, and whole again.
import { expect, test } from "vitest";
import { PictureView } from "../../src/items/picture-view";
import type { ItemHost } from "../../src/items/view";

function enlarged(): PictureView {
	const host = { tag: "fit", enlarge: () => undefined } as unknown as ItemHost;
	const view = new PictureView(host);
	view.resize(400, 400); // as its card does before there is a picture
	const card = document.createElement("div");
	card.dataset.enlarged = "true";
	card.append(view.root);
	const bytes = new DataView(new ArrayBuffer(4));
	view.take({ step: 3, width: 200, height: 100, reduced: 1, media_type: "image/png", bytes });
	view.resize(400, 400);
	return view;
}

function press(view: PictureView, ...keys: string[]): string {
	for (const key of keys) view.root.dispatchEvent(new KeyboardEvent("keydown", { key }));
	return view.root.querySelector("span")?.style.transform ?? "";
}

test("keys magnify and move it, no further than its edge", () => {
	const view = enlarged();
	expect(press(view, "ArrowRight")).toBe("");
	expect(press(view, "+", "+")).toBe("translate(0px, 0px) scale(2.25)");
	expect(press(view, "ArrowRight")).toBe("translate(-40px, 0px) scale(2.25)");
	expect(press(view, ...Array<string>(20).fill("ArrowRight"))).toBe(
		"translate(-250px, 0px) scale(2.25)",
	);
	expect(press(view, ...Array<string>(20).fill("ArrowUp"))).toBe(
		"translate(-250px, 125px) scale(2.25)",
	);
	expect(press(view, "0")).toBe("");
});

test("a click that is no drag shows a magnified picture whole", () => {
	const view = enlarged();
	press(view, "+");
	view.root.dispatchEvent(new MouseEvent("click", { detail: 1 }));
	expect(view.root.dataset.zoom).toBe("1");
});
