// Places the boxes of one level with dagre, its inputs at one border and its outputs at the other.
import { layout as dagre, Graph } from "@dagrejs/dagre";
import { placeLayered } from "./layered-placing";
import type { Direction, LevelShape, Placed, Point } from "./level";
import { balanced, roomAfter, roomBefore } from "./level-frame";
import { ranksOf } from "./ranks";
import { joinSections, sectionsOf } from "./sections";
import { placeSeries } from "./series-placing";

/** Between two ranks. */
const BETWEEN = 24;
const BETWEEN_BRANCHES = 34;
/** Between a line that runs past boxes and the border of its level. */
const BESIDE_LINE = 4;
/** Beyond so many boxes dagre takes too long, and some thousands in series overflow its stack. */
const MANY = 120;

/** Places a level section by section: what lies between two boxes that all ways pass is a section. */
export function place(shape: LevelShape, direction: Direction): Placed {
	const apart = branches(shape) ? BETWEEN_BRANCHES : BETWEEN;
	const sections = sectionsOf(shape);
	const known = new Map<string, Placed>();
	const placed = sections.map(({ shape: section }) => {
		const key = JSON.stringify(section);
		const found = known.get(key) ?? placeOne(section, direction, apart);
		known.set(key, found);
		return found;
	});
	return joinSections(sections, placed, direction) ?? placeOne(shape, direction, apart);
}

function placeOne(shape: LevelShape, direction: Direction, apart: number): Placed {
	const spine = placeSeries(shape, ranksOf(shape), direction, apart);
	if (spine) return spine;
	if (shape.sizes.length > MANY) return placeLayered(shape, direction);
	const down = direction === "TB";
	const graph = new Graph({ multigraph: false, compound: false });
	graph.setGraph({
		rankdir: direction,
		nodesep: down ? 22 : 16,
		edgesep: 14,
		ranksep: apart,
		ranker: "network-simplex",
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
	// Lines that run past boxes stay within the level too.
	const passing = graph
		.edges()
		.filter(({ v, w }) => /\d/.test(v) && /\d/.test(w))
		.flatMap((edge) => (graph.edge(edge)?.points ?? []).slice(1, -1))
		.flatMap((point: { x: number; y: number }) => {
			const across = down ? point.x : point.y;
			return [across - BESIDE_LINE, across + BESIDE_LINE];
		});
	const [left, top, width, height] = frame(boxes, [...inputs, ...outputs].map(along), passing, {
		down,
		before: roomBefore(shape.inputs.length),
		after: roomAfter(outputs.length),
	});
	const shift = down ? left : top;
	const moved = boxes.map(({ x, y, ...size }) => ({ ...size, x: x - left, y: y - top }));
	const ranks = placedRanks(moved, down);
	const leave = (i: number): Point[] => beside(moved[i], ranks, down, "after");
	const arrive = (i: number): Point[] => beside(moved[i], ranks, down, "before").reverse();
	const enter = (i: number): Point => at(along(`i${i}`) - shift, 0, down);
	const exit = (i: number): Point => at(along(`o${i}`) - shift, down ? height : width, down);
	// Lines bend between ranks only and run straight past the boxes of a rank.
	const between = (source: string, target: string): Point[] => {
		const points: { x: number; y: number }[] = graph.edge(source, target)?.points ?? [];
		return points.slice(1, -1).flatMap(({ x, y }) => {
			const [across, main] = down ? [x - left, y - top] : [y - top, x - left];
			const rank = ranks.find(({ middle }) => Math.abs(middle - main) < 1);
			return rank ? [at(across, rank.start, down), at(across, rank.end, down)] : [];
		});
	};
	return {
		width,
		height,
		boxes: moved.map(({ x, y }) => [x, y]),
		routes: [
			...shape.edges.map(([a, b]) => [...leave(a), ...between(`b${a}`, `b${b}`), ...arrive(b)]),
			...shape.inputs.map(([p, b]) => [enter(p), ...between(`i${p}`, `b${b}`), ...arrive(b)]),
			...shape.outputs.map(([b, p]) => [...leave(b), ...between(`b${b}`, `o${p}`), exit(p)]),
		],
		inputPorts: inputs.map((id) => along(id) - shift),
		outputPorts: outputs.map((id) => along(id) - shift),
	};
}

interface Rectangle {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

/** The stretch of the main axis that the boxes of one rank take. */
interface Rank {
	readonly middle: number;
	start: number;
	end: number;
}

function placedRanks(boxes: readonly Rectangle[], down: boolean): Rank[] {
	const ranks: Rank[] = [];
	for (const { x, y, width, height } of boxes) {
		const [start, size] = down ? [y, height] : [x, width];
		const middle = start + size / 2;
		const known = ranks.find((rank) => Math.abs(rank.middle - middle) < 1);
		if (known) {
			known.start = Math.min(known.start, start);
			known.end = Math.max(known.end, start + size);
		} else ranks.push({ middle, start, end: start + size });
	}
	return ranks;
}

/** From a box's border straight to the border of its rank. */
function beside(
	box: Rectangle | undefined,
	ranks: readonly Rank[],
	down: boolean,
	side: "before" | "after",
): Point[] {
	if (!box) return [];
	const { x, y, width, height } = box;
	const [across, start, size] = down ? [x + width / 2, y, height] : [y + height / 2, x, width];
	const rank = ranks.find(({ middle }) => Math.abs(middle - start - size / 2) < 1);
	const [own, ranked] = side === "after" ? [start + size, rank?.end] : [start, rank?.start];
	const points = [at(across, own, down)];
	if (ranked !== undefined && Math.abs(ranked - own) > 1) points.push(at(across, ranked, down));
	return points;
}

/** Whether anything but a plain chain is to be drawn, which needs room for its lines. */
function branches(shape: LevelShape): boolean {
	const sources = shape.edges.map(([source]) => source);
	return new Set(sources).size < sources.length || shape.inputs.length > 1;
}

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
	passing: readonly number[],
	room: { down: boolean; before: number; after: number },
): [left: number, top: number, width: number, height: number] {
	const { down, before, after } = room;
	const xs = boxes
		.flatMap((box) => [box.x, box.x + box.width])
		.concat(down ? [...ports, ...passing] : []);
	const ys = boxes
		.flatMap((box) => [box.y, box.y + box.height])
		.concat(down ? [] : [...ports, ...passing]);
	const [startX, endX] = down
		? balanced(xs, ports)
		: [Math.min(...xs) - before, Math.max(...xs) + after];
	const [startY, endY] = down
		? [Math.min(...ys) - before, Math.max(...ys) + after]
		: balanced(ys, ports);
	return [startX, startY, endX - startX, endY - startY];
}
