// @vitest-environment happy-dom
// Captions over the images of a grid: right and wrong are told by a sign as well as by colour.
import { expect, test, vi } from "vitest";
import type { ItemHost } from "../../../src/items/view";
import { mediaView } from "../../../src/panels/media/views";
import { fixture } from "../../fixtures";

function drawn(captions: { text: string; is_right: boolean | null }[], columns: number) {
	vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:image");
	const host = { tag: "samples", enlarge: () => undefined } as unknown as ItemHost;
	const view = mediaView("image", host);
	const { message } = fixture("image_sent");
	const bytes = new DataView(new ArrayBuffer(8));
	view.take({ ...message, captions, columns, bytes });
	return view.root;
}

test("each image of a grid has its caption, with a sign where a prediction is right or wrong", () => {
	const root = drawn(
		[
			{ text: "7", is_right: true },
			{ text: "<b>1</b>, not 7", is_right: false },
			{ text: "unknown", is_right: null },
		],
		2,
	);
	const found = [...root.querySelectorAll<HTMLElement>(".nbviz-media-caption")];
	const texts = ["✓ 7", "✗ <b>1</b>, not 7", "unknown"];
	expect(found.map(({ textContent }) => textContent)).toEqual(texts);
	expect(found.map(({ dataset }) => dataset.right)).toEqual(["true", "false", "null"]);
	expect(root.querySelector("b")).toBeNull();
	const grid = root.querySelector<HTMLElement>(".nbviz-media-captions");
	expect(grid?.style.getPropertyValue("--columns")).toBe("2");
	expect(root.querySelector("img")?.alt).toContain(texts.join("; "));
});

test("an image without captions has none", () => {
	const root = drawn([], 0);
	expect(root.querySelector<HTMLElement>(".nbviz-media-captions")?.hidden).toBe(true);
	expect(root.querySelectorAll(".nbviz-media-caption")).toHaveLength(0);
});
