import { describe, expect, test } from "vitest";
import { familyOf, shapesOf, shortCount, textOf } from "../../../src/panels/graph/drawing/box-text";
import { compose } from "../../../src/panels/graph/drawing/compose";
import { pathOf } from "../../../src/panels/graph/drawing/highlight";
import { neighbour } from "../../../src/panels/graph/drawing/neighbours";
import type { Scene } from "../../../src/panels/graph/drawing/scene";
import { LayoutEngine, layOut } from "../../../src/panels/graph/layout/engine";
import { GraphTree, type Loader } from "../../../src/panels/graph/tree/tree";
import type { GraphLevel, GraphNode } from "../../../src/protocol/index.gen";
import { load, node } from "./levels";

const measure = (text: string) => text.length * 7;
const text = (of: GraphNode, open: boolean) => textOf(of, measure, open);

async function sceneWith(open: readonly string[] = [], from: Loader = load): Promise<Scene> {
	const tree = new GraphTree(from);
	await tree.need([""]);
	for (const id of open) await tree.setOpen(id, true);
	return compose(tree, layOut(new LayoutEngine(), tree.plan("", text), "TB"), "TB", text);
}

describe("a scene", () => {
	test("of the closed graph has one line for each edge, each with an arrow and a shape", async () => {
		const scene = await sceneWith();
		expect(scene.boxes).toHaveLength(5);
		expect(scene.edges).toHaveLength(4);
		expect(scene.edges.every(({ arrives, shape }) => arrives && shape === "1×8×4×4")).toBe(true);
	});

	test("joins edges at the borders of open boxes", async () => {
		const scene = await sceneWith(["block", "block.deep"]);
		expect(scene.boxes).toHaveLength(9);
		const ends = new Set(scene.boxes.map((box) => box.node.node_id));
		for (const { from, to } of scene.edges) {
			if (!ends.has(from)) expect(scene.edges.some((line) => line.to === from)).toBe(true);
			if (!ends.has(to)) expect(scene.edges.some((line) => line.from === to)).toBe(true);
		}
		const inside = scene.boxes.find((box) => box.node.node_id === "block.deep.relu");
		const around = scene.boxes.find((box) => box.node.node_id === "block.deep");
		expect(inside && around && inside.x >= around.x && inside.y > around.y).toBe(true);
	});

	test("tells on every piece of a way what it is in a backward graph", async () => {
		const tied = async (scopes: string[]): Promise<GraphLevel[]> =>
			(await load(scopes)).map((level) => {
				if (level.scope === "block") {
					return { ...level, input_ties: ["saved", null], output_ties: ["view"] };
				}
				const edges = level.edges.map((edge) => ({ ...edge, tie: "view" as const }));
				return level.scope === "" ? { ...level, edges } : level;
			});
		const scene = await sceneWith(["block"], tied);
		const tieOf = (target: string) =>
			scene.edges.filter(({ to }) => to === target).map(({ tie }) => tie);
		expect(tieOf("stem")).toEqual(["view"]);
		expect(tieOf("block.conv")).toEqual(["saved"]);
		expect(tieOf("block/add")).toEqual([undefined, undefined]);
		expect(scene.edges.filter(({ arrives }) => !arrives).map(({ tie }) => tie)).toEqual(["view"]);
	});

	test("knows what leads to a box and from it", async () => {
		const scene = await sceneWith(["block"]);
		const { ends, near } = pathOf(scene, "block.conv");
		expect([...ends]).toEqual(
			expect.arrayContaining(["/x", "stem", "block", "block/add", "/output"]),
		);
		const ids = scene.edges.filter(({ id }) => near.has(id)).map(({ from, to }) => [from, to]);
		expect(ids).toContainEqual(["block.conv", "block.deep"]);
		expect(ids.some(([from]) => from === "stem")).toBe(true);
		expect(ids.some(([from]) => from === "/x")).toBe(false);
	});

	test("leads from box to box by arrow keys", async () => {
		const scene = await sceneWith();
		expect(neighbour(scene, undefined, "ArrowDown")).toBe("/x");
		expect(neighbour(scene, "/x", "ArrowDown")).toBe("stem");
		expect(neighbour(scene, "stem", "ArrowUp")).toBe("/x");
		expect(neighbour(scene, "/x", "ArrowUp")).toBeUndefined();
		expect(neighbour(scene, "/x", "a")).toBeUndefined();
	});
});

describe("the tree", () => {
	test("opens by itself what can be seen at a glance, but no folded blocks", async () => {
		const tree = new GraphTree(load);
		await tree.openAtAGlance();
		expect([...tree.open].sort()).toEqual(["block", "block.deep"]);
	});

	test("reveals a box by opening those around it", async () => {
		const tree = new GraphTree(load);
		await tree.need([""]);
		await tree.loadAll(() => true);
		await tree.reveal("block.deep.relu");
		expect([...tree.open].sort()).toEqual(["block", "block.deep"]);
	});

	test("asks for a level only once", async () => {
		const asked: string[][] = [];
		const tree = new GraphTree((scopes) => {
			asked.push(scopes);
			return load(scopes);
		});
		await tree.need([""]);
		await tree.need(["", "block"]);
		await tree.need(["block"]);
		expect(asked).toEqual([[""], ["block"]]);
	});
});

describe("a box", () => {
	test("is as wide as its text", () => {
		const short = textOf(node("a"), measure, false);
		const long = textOf(node("a_much_longer_name_of_a_layer"), measure, false);
		expect(long.width).toBeGreaterThan(short.width);
		expect(long.width).toBeGreaterThan(measure("a_much_longer_name_of_a_layer Conv2d"));
	});

	test("has a family by its type", () => {
		const family = (type: string, changes: Partial<GraphNode> = {}) =>
			familyOf(node("n", { type, ...changes }));
		expect(
			["Conv2d", "Linear", "BatchNorm2d", "ReLU", "gelu", "relu_", "MaxPool2d", "LSTM"].map((t) =>
				family(t),
			),
		).toEqual([
			"conv",
			"linear",
			"norm",
			"activation",
			"activation",
			"activation",
			"pooling",
			"recurrent",
		]);
		expect(family("MultiheadAttention")).toBe("attention");
		expect(family("Block", { child_count: 3 })).toBe("block");
		expect(family("cat")).toBe("other");
	});

	test("says counts and shapes in short", () => {
		expect([512, 9408, 11_689_512, 1e9].map(shortCount)).toEqual([
			"512",
			"9.41 k",
			"11.7 M",
			"1 G",
		]);
		expect(shapesOf(node("n", { output_shapes: [[1, 2], [3], []] }))).toBe("1×2 + 2");
		expect(shapesOf(node("n", { output_shapes: [[]] }))).toBe("scalar");
	});
});
