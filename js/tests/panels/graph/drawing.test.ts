// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { textOf } from "../../../src/panels/graph/drawing/box-text";
import { Drawing } from "../../../src/panels/graph/drawing/drawing";
import type { Scene, SceneBox } from "../../../src/panels/graph/drawing/scene";
import { tiesOf } from "../../../src/panels/graph/drawing/ties";
import type { GraphNode } from "../../../src/protocol/index.gen";
import { node } from "./levels";

const TEXT = {
	label: "",
	type: "",
	detail: "",
	count: "",
	shape: "",
	attributes: [],
	width: 100,
	height: 44,
};

function boxAt(id: string, y: number, changes: Partial<GraphNode> = {}): SceneBox {
	const place = { x: 0, y, width: 100, height: 44, depth: 0, open: false, parent: "" };
	return { node: node(id, changes), text: { ...TEXT, label: id }, ...place };
}

function column(count: number): Scene {
	const boxes = Array.from({ length: count }, (_, i) => boxAt(`n${i}`, i * 60));
	const edges = boxes.slice(1).map(({ node: { node_id }, y }, i) => ({
		id: node_id,
		from: `n${i}`,
		to: node_id,
		points: [
			[50, y - 16],
			[50, y],
		] as const,
		arrives: true,
		shape: "",
		tie: undefined,
	}));
	return { boxes, edges, ties: [], width: 100, height: count * 60, direction: "TB" };
}

test("of a large scene only what is near the sight is drawn, and what comes into it", () => {
	const drawing = new Drawing();
	const drawn = () => {
		const ids: string[] = [];
		drawing.eachBox((_, id) => ids.push(id));
		return ids;
	};
	drawing.show(column(10_000), { x: 0, y: 0, width: 800, height: 600 });
	expect(drawn().length).toBeLessThan(30);
	expect(drawn()).toContain("n9");
	expect(drawing.look({ x: 0, y: 100, width: 800, height: 600 })).toBe(false);
	expect(drawing.look({ x: 0, y: 300_000, width: 800, height: 600 })).toBe(true);
	expect(drawn()).toContain("n5005");
	expect(drawn()).not.toContain("n9");
	drawing.look({ x: 0, y: 0, width: 800_000, height: 600_000 });
	expect(drawing.isFar).toBe(true);
	expect(drawn()).toEqual([]);
});

test("a small scene is drawn whole", () => {
	const drawing = new Drawing();
	drawing.show(column(50), { x: 0, y: 0, width: 800, height: 600 });
	let count = 0;
	drawing.eachBox(() => {
		count += 1;
	});
	expect(count).toBe(50);
});

test("boxes that share a parameter are joined, past what lies between them", () => {
	const tied = ["embed.weight, out.weight"];
	const wide = { ...boxAt("wide", 100), width: 300 };
	const boxes = [boxAt("embed", 0, { tied }), wide, boxAt("out", 200, { tied })];
	const [tie, ...others] = tiesOf(boxes, "TB");
	expect(others).toEqual([]);
	expect([tie?.from, tie?.to, tie?.names]).toEqual(["embed", "out", tied[0]]);
	expect(tie?.reach).toBeGreaterThan(300);
	expect(tiesOf(boxes, "LR")[0]?.reach).toBeGreaterThan(244);
});

test("a node of a backward graph has its kind's colour, and its attributes line by line", () => {
	const drawing = new Drawing();
	const made = boxAt("n1", 0, {
		kind: "operation",
		autograd: "function",
		attributes: [["alpha", "<b>1</b>"]],
	});
	const text = textOf(made.node, (words) => 6 * words.length, false);
	const scene = { ...column(0), boxes: [{ ...made, text, height: text.height }] };
	drawing.show(scene);
	const group = drawing.world.querySelector("[data-node-id=n1]");
	expect(group?.classList.contains("nbviz-autograd-function")).toBe(true);
	const said = [...(group?.querySelectorAll("text") ?? [])].map(({ textContent }) => textContent);
	expect(said).toEqual(["alpha", "<b>1</b>", "n1"]);
	expect(group?.getAttribute("aria-label")).toContain("alpha: <b>1</b>");
	expect(text.height).toBeGreaterThan(24);
	expect(text.width).toBeGreaterThan(6 * 13);
});

test("edges without a gradient are dotted to a view and have no arrow to what was saved", () => {
	const drawing = new Drawing();
	const scene = column(4);
	const ties = [undefined, "view", "saved"] as const;
	drawing.show({ ...scene, edges: scene.edges.map((line, i) => ({ ...line, tie: ties[i] })) });
	const drawn = [...drawing.world.querySelectorAll(".nbviz-graph-line")].map((line) => [
		line.classList.contains("nbviz-autograd-tie-view"),
		line.querySelector(".nbviz-graph-arrow") !== null,
		line.querySelector("title")?.textContent,
	]);
	expect(drawn).toEqual([
		[false, true, ""],
		[true, true, "viewed"],
		[false, false, "saved for the backward pass"],
	]);
});
