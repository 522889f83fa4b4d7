import { expect, test } from "vitest";
import { groupTitles, type TagGroup, watchedGroup } from "../../src/charts/tag-groups";

const outline = ({ name, titles, groups }: TagGroup): unknown =>
	groups.length === 0 ? [name, titles.length] : [name, titles.length, ...groups.map(outline)];

const blocks = (layers: number, count: number, metrics: readonly string[]) =>
	Array.from({ length: layers * count }, (_, i) => i).flatMap((i) =>
		metrics.map((metric) => `layer${Math.floor(i / count)}/block${i % count}/${metric}`),
	);

test("a watched model's tags are told from those that only sound like them", () => {
	expect(watchedGroup("weights/conv1.weight/norm")).toBe("weights");
	expect(watchedGroup("encoder/gradients/fc/std")).toBe("encoder/gradients");
	expect(watchedGroup("loss/train")).toBe("");
	expect(watchedGroup("weights")).toBe("");
});

test("a few charts stand together; those of a watched model do not stand among them", () => {
	const titles = ["loss", "layer1/norm", "layer1/std", "weights/fc/norm"];
	expect(outline(groupTitles(titles))).toEqual(["", 3, ["weights", 1]]);
});

test("many are grouped by what they begin with, and large groups again", () => {
	const titles = ["loss", ...blocks(2, 5, ["a", "b", "c", "d", "e", "f"]), "lr"];
	const inside = ["block0", "block1", "block2", "block3", "block4"].map((name) => [name, 6]);
	expect(outline(groupTitles(titles))).toEqual([
		"",
		2,
		["layer0", 0, ...inside],
		["layer1", 0, ...inside],
	]);
	expect(groupTitles(titles).count).toBe(62);
	expect(groupTitles(titles).groups[1]?.groups[0]?.path).toBe("layer1/block0");
});

test("a group whose charts go on alike is one heading; a chart alone stands by itself", () => {
	const deep = Array.from({ length: 30 }, (_, i) => `model/encoder/attention/head${i}`);
	expect(outline(groupTitles(["other/one", ...deep]))).toEqual([
		"",
		1,
		["model/encoder/attention", 30],
	]);
});

test("titles without a slash stay together, however many", () => {
	const titles = Array.from({ length: 100 }, (_, i) => `metric_${i}`);
	expect(outline(groupTitles(titles))).toEqual(["", 100]);
});
