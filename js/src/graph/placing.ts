// Places the boxes of one level with dagre, its ways in at one border and its ways out at the other.
import { layout as dagre, Graph } from "@dagrejs/dagre";

/** From top to bottom, or from left to right. */
export type Direction = "TB" | "LR";

/** A point in the coordinates of its level, whose origin is its top left corner. */
export type Point = readonly [x: number, y: number];

/** A level without names: boxes and ports are numbered in their order. */
export interface LevelShape {
	readonly sizes: readonly (readonly [width: number, height: number])[];
	readonly edges: readonly (readonly [source: number, target: number])[];
	readonly inputs: readonly (readonly [port: number, box: number])[];
	readonly outputs: readonly (readonly [box: number, port: number])[];
}

export interface Placed {
	readonly width: number;
	readonly height: number;
	/** Top left corners. */
	readonly boxes: readonly Point[];
	/** For the edges, then the inputs, then the outputs: points from border to border. */
	readonly routes: readonly (readonly Point[])[];
	/** Where each port is along the border: its x from top to bottom, its y from left to right. */
	readonly inputPorts: readonly number[];
	readonly outputPorts: readonly number[];
}

/** Between an opened box's border and its first boxes, and its last, for the ways in and out. */
const ROOM = 18;
const ROOM_TO_BRANCH = 26;
const ROOM_AFTER = 6;
/** Beyond so many boxes the simpler way of ranking them; it takes no noticeable time. */
const MANY = 400;

export function place(shape: LevelShape, direction: Direction): Placed {
	const down = direction === "TB";
	const graph = new Graph({ multigraph: false, compound: false });
	graph.setGraph({
		rankdir: direction,
		nodesep: down ? 22 : 16,
		edgesep: 14,
		ranksep: branches(shape) ? 34 : 24,
		ranker: shape.sizes.length > MANY ? "longest-path" : "network-simplex",
	});
	graph.setDefaultEdgeLabel(() => ({}));
	for (const [i, [width, height]] of shape.sizes.entries()) {
		graph.setNode(`b${i}`, { width, height });
	}
	for (const [source, target] of shape.edges) graph.setEdge(`b${source}`, `b${target}`, {});
	const inputs = addPorts(
		graph,
		"i",
		shape.inputs.map(([port, box]) => [box, port]),
	);
	const outputs = addPorts(graph, "o", shape.outputs);
	dagre(graph);

	const boxes = shape.sizes.map(([width, height], i) => {
		const { x = 0, y = 0 } = graph.node(`b${i}`);
		return { x: x - width / 2, y: y - height / 2, width, height };
	});
	const along = (id: string) => graph.node(id)[down ? "x" : "y"] ?? 0;
	const [left, top, width, height] = frame(boxes, [...inputs, ...outputs].map(along), {
		down,
		before: inputs.length > 0 ? (shape.inputs.length > 1 ? ROOM_TO_BRANCH : ROOM) : 0,
		after: outputs.length > 0 ? ROOM_AFTER : 0,
	});
	const shift = down ? left : top;
	const leave = (i: number): Point => {
		const { x, y, width: w, height: h } = boxes[i] ?? NOWHERE;
		return down ? [x + w / 2 - left, y + h - top] : [x + w - left, y + h / 2 - top];
	};
	const arrive = (i: number): Point => {
		const { x, y, width: w, height: h } = boxes[i] ?? NOWHERE;
		return down ? [x + w / 2 - left, y - top] : [x - left, y + h / 2 - top];
	};
	const enter = (i: number): Point => at(along(`i${i}`) - shift, 0, down);
	const exit = (i: number): Point => at(along(`o${i}`) - shift, down ? height : width, down);
	const between = (source: string, target: string): Point[] => {
		const points: { x: number; y: number }[] = graph.edge(source, target)?.points ?? [];
		return points.slice(1, -1).map(({ x, y }) => [x - left, y - top]);
	};
	return {
		width,
		height,
		boxes: boxes.map(({ x, y }) => [x - left, y - top]),
		routes: [
			...shape.edges.map(([a, b]) => [leave(a), ...between(`b${a}`, `b${b}`), arrive(b)]),
			...shape.inputs.map(([p, b]) => [enter(p), ...between(`i${p}`, `b${b}`), arrive(b)]),
			...shape.outputs.map(([b, p]) => [leave(b), ...between(`b${b}`, `o${p}`), exit(p)]),
		],
		inputPorts: inputs.map((id) => along(id) - shift),
		outputPorts: outputs.map((id) => along(id) - shift),
	};
}

/** Whether anything but a plain chain is to be drawn, which needs room for its lines. */
function branches(shape: LevelShape): boolean {
	const sources = shape.edges.map(([source]) => source);
	return new Set(sources).size < sources.length || shape.inputs.length > 1;
}

const NOWHERE = { x: 0, y: 0, width: 0, height: 0 };

function at(along: number, across: number, down: boolean): Point {
	return down ? [along, across] : [across, along];
}

/** Adds the ports of one border, held at the first or last rank by a node that is not drawn. */
function addPorts(
	graph: Graph,
	side: "i" | "o",
	ways: readonly (readonly [box: number, port: number])[],
): string[] {
	const ports = [...new Set(ways.map(([, port]) => port))].map((port) => `${side}${port}`);
	const join = (inner: string, outer: string, label: object) =>
		side === "i" ? graph.setEdge(outer, inner, label) : graph.setEdge(inner, outer, label);
	const boxes = graph.nodes().filter((id) => id.startsWith("b"));
	for (const id of ports) graph.setNode(id, { width: 1, height: 1 });
	for (const [box, port] of ways) join(`b${box}`, `${side}${port}`, {});
	if (ports.length < 2) return ports;
	graph.setNode(side, { width: 0, height: 0 });
	for (const id of ports) join(id, side, { weight: 100 });
	for (const id of boxes) {
		const isEnd = side === "i" ? !graph.inEdges(id)?.length : !graph.outEdges(id)?.length;
		if (isEnd) join(id, side, { weight: 0, minlen: 2 });
	}
	return ports;
}

/** The level's own frame: it begins and ends with its boxes, and with the ports beside them. */
function frame(
	boxes: readonly { x: number; y: number; width: number; height: number }[],
	ports: readonly number[],
	room: { down: boolean; before: number; after: number },
): [left: number, top: number, width: number, height: number] {
	const { down, before, after } = room;
	const xs = boxes.flatMap((box) => [box.x, box.x + box.width]).concat(down ? ports : []);
	const ys = boxes.flatMap((box) => [box.y, box.y + box.height]).concat(down ? [] : ports);
	const left = Math.min(...xs) - (down ? 0 : before);
	const top = Math.min(...ys) - (down ? before : 0);
	return [
		left,
		top,
		Math.max(...xs) + (down ? 0 : after) - left,
		Math.max(...ys) + (down ? after : 0) - top,
	];
}
