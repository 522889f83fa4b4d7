import { expect, test } from "vitest";
import type { ItemTag } from "../../src/protocol/index.gen";
import { doubles } from "../../src/session/buffers";
import { ItemIndex, placeAt } from "../../src/session/item-index";
import { fixture } from "../fixtures";

const tag = (name: string, count: number): ItemTag => ({
	tag: name,
	item_kind: "text",
	count,
	left_out_for_time: 0,
	left_out_for_memory: 0,
});

test("the fixture's steps go to their tags, and together make the slider's", () => {
	const { message, buffers } = fixture("media_added");
	const index = new ItemIndex();
	index.add(message, doubles(buffers[0]));
	expect(index.entries.get("samples")?.steps).toEqual([1, 20]);
	expect(index.entries.get("attention")?.steps).toEqual([5, 10, 15]);
	expect(index.steps).toEqual([1, 5, 10, 15, 20]);
});

test("a step that is logged again is told apart from what it was", () => {
	const index = new ItemIndex();
	index.add({ items: [tag("a", 1)], overhead_share: 1 }, Float64Array.of(3));
	index.add({ items: [tag("a", 2)], overhead_share: 1 }, Float64Array.of(3, 4));
	expect(index.entries.get("a")).toMatchObject({ steps: [3, 4], revision: 1 });
});

test("a very long run keeps its first and its newest step", () => {
	const index = new ItemIndex();
	index.add(
		{ items: [tag("a", 9000)], overhead_share: 1 },
		Float64Array.from({ length: 9000 }, (_, i) => i + 1),
	);
	const { steps } = index;
	expect(steps.length).toBeLessThanOrEqual(4501);
	expect([steps[0], steps.at(-1)]).toEqual([1, 9000]);
});

test("the item at or before a step is found", () => {
	expect([0, 1, 5, 10, 99].map((step) => placeAt([1, 10], step))).toEqual([-1, 0, 0, 1, 1]);
});
