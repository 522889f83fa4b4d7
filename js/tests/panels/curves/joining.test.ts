import { expect, test } from "vitest";
import { Joining, lineNames, tagPattern } from "../../../src/panels/curves/joining";
import { rule } from "../../fixtures";

test("patterns match as Python's fnmatch has them", () => {
	const examples = rule<{ pattern: string; matches: string[]; others: string[] }[]>("patterns");
	expect(examples.length).toBeGreaterThan(8);
	for (const { pattern, matches, others } of examples) {
		const matched = [...matches, ...others].filter((tag) => tagPattern(pattern).test(tag));
		expect([pattern, matched]).toEqual([pattern, matches]);
	}
});

test("a tag is drawn in the first chart of the code that has it, else by its name", () => {
	const joining = new Joining([["loss/*"], ["per_class/*", "acc"]], {});
	expect(
		["loss/train", "per_class/recall/cat", "acc", "lr"].map((tag) => joining.chartOf(tag)),
	).toEqual(["loss", "per_class + acc", "per_class + acc", "lr"]);
	expect(joining.named).toEqual(["loss", "per_class + acc"]);
	expect(joining.isJoined("per_class + acc")).toBe(true);
	joining.part("per_class + acc");
	expect(joining.chartOf("acc")).toBe("acc");
	expect(joining.named).toEqual(["loss"]);
	joining.reset();
	expect(joining.chartOf("acc")).toBe("per_class + acc");
});

test("joined charts stand in the place of the one that they were dropped on, until taken apart", () => {
	const joining = new Joining([], {});
	joining.join("accuracy", "loss");
	joining.join("lr", "accuracy");
	expect(["loss/val", "accuracy/val", "lr"].map((tag) => joining.chartOf(tag))).toEqual([
		"loss",
		"loss",
		"loss",
	]);
	expect(joining.nameOf("loss")).toBe("loss + accuracy + lr");
	const again = new Joining([], JSON.parse(JSON.stringify(joining.kept)));
	expect(again.nameOf("loss")).toBe("loss + accuracy + lr");
	again.part("loss");
	expect(again.chartOf("lr")).toBe("lr");
	expect(again.isJoined("loss")).toBe(false);
	expect(new Joining([], { joined: [1, ["a"], ["b", 2]], parted: "x" }).kept).toEqual({
		joined: [],
		parted: [],
	});
});

test("lines are called by what of their tags differs", () => {
	expect(lineNames(["loss/train", "loss/val"])).toEqual(["train", "val"]);
	expect(lineNames(["per_class/recall/cat", "per_class/recall/dog"])).toEqual(["cat", "dog"]);
	expect(lineNames(["per_class/recall/cat", "per_class/precision/cat"])).toEqual([
		"recall/cat",
		"precision/cat",
	]);
	expect(lineNames(["loss/train", "accuracy/train"])).toEqual(["loss/train", "accuracy/train"]);
	expect(lineNames(["lr"])).toEqual(["lr"]);
});
