// A small graph as the kernel sends it: x → stem → block(conv, +) → head → output, the block residual.
import type { GraphLevel, GraphNode } from "../../../src/protocol/index.gen";

export function node(node_id: string, changes: Partial<GraphNode> = {}): GraphNode {
	return {
		node_id,
		kind: "module",
		label: node_id,
		type: "Conv2d",
		path: node_id,
		detail: "3×3",
		output_shapes: [[1, 8, 4, 4]],
		dtype: "float32",
		parameter_count: 584,
		trainable_count: 584,
		flops: 9216,
		child_count: 0,
		tied: [],
		repeat: 1,
		source: "net.py:12",
		autograd: null,
		attributes: [],
		...changes,
	};
}

export const level = (scope: string, rest: Partial<GraphLevel>): GraphLevel => ({
	scope,
	title: "",
	nodes: [],
	edges: [],
	inputs: [],
	outputs: [],
	note: "",
	...rest,
});

const edge = (source: string, target: string) => ({ source, target, shape: [1, 8, 4, 4] });

export const LEVELS: GraphLevel[] = [
	level("", {
		title: "Net, 1,168 parameters",
		note: "Traced with real values",
		nodes: [
			node("/x", { kind: "input", label: "x", type: "input", path: "", parameter_count: 0 }),
			node("stem"),
			node("block", { type: "Block", detail: "", child_count: 3 }),
			node("many", { type: "Sequential", detail: "5 × Block", child_count: 5, repeat: 5 }),
			node("/output", { kind: "output", label: "output", type: "output", path: "" }),
		],
		edges: [
			edge("/x", "stem"),
			edge("stem", "block"),
			edge("block", "many"),
			edge("many", "/output"),
		],
	}),
	level("block", {
		nodes: [
			node("block.conv", { label: "conv" }),
			node("block.deep", { label: "deep", type: "Deep", child_count: 1 }),
			node("block/add", { kind: "operation", label: "+", type: "add", path: "" }),
		],
		edges: [edge("block.conv", "block.deep"), edge("block.deep", "block/add")],
		inputs: [
			["block.conv", "stem"],
			["block/add", "stem"],
		],
		outputs: [["block/add", "many"]],
	}),
	level("block.deep", {
		nodes: [node("block.deep.relu", { label: "<img src=x onerror=alert(1)>", type: "ReLU" })],
		inputs: [["block.deep.relu", "block.conv"]],
		outputs: [["block.deep.relu", "block/add"]],
	}),
	level("many", {
		nodes: [0, 1, 2, 3, 4].map((i) => node(`many.${i}`, { label: String(i), type: "Block" })),
		edges: [0, 1, 2, 3].map((i) => edge(`many.${i}`, `many.${i + 1}`)),
		inputs: [["many.0", "block"]],
		outputs: [["many.4", "/output"]],
	}),
];

/** Answers as the kernel does. */
export function load(scopes: string[]): Promise<GraphLevel[]> {
	return Promise.resolve(LEVELS.filter(({ scope }) => scopes.includes(scope)));
}
