// Levels cut where all their ways pass one box: most are series of small sections, and each section is
// placed in a moment, where placing the whole would take a time that is noticed.

import type { Direction, LevelShape, Placed, Point } from "./level";
import { balanced } from "./level-frame";
import { ranksOf } from "./ranks";

/** A part of a level, from a box that all ways pass to the next; both belong to it. */
export interface Section {
	readonly shape: LevelShape;
	/** The numbers that its boxes have in the level; what all ways pass is the first and the last. */
	readonly boxes: readonly number[];
	/** The numbers that its routes have in the level. */
	readonly routes: readonly number[];
}

/** The sections of a level in their order; one if it cannot be cut. */
export function sectionsOf(shape: LevelShape): Section[] {
	const ranks = ranksOf(shape);
	const isCut = cuts(shape, ranks);
	// The section that begins at or goes on after each rank.
	let passed = 0;
	const pieceOf = isCut.map((cut) => (cut ? ++passed : passed));
	const section = (box: number) => pieceOf[ranks[box] ?? 0] ?? 0;
	const members = Array.from({ length: passed + 1 }, (): number[] => []);
	const lasts: number[] = [];
	for (const box of shape.sizes.keys()) {
		if (!isCut[ranks[box] ?? 0]) members[section(box)]?.push(box);
		else {
			members[section(box)]?.unshift(box);
			lasts[section(box) - 1] = box;
		}
	}
	for (const [i, box] of lasts.entries()) members[i]?.push(box);
	const edges = Array.from({ length: passed + 1 }, (): number[] => []);
	for (const [i, [source]] of shape.edges.entries()) edges[section(source)]?.push(i);
	return members.map((boxes, i) => {
		const places = new Map(boxes.map((box, place) => [box, place]));
		const at = (box: number) => places.get(box) ?? 0;
		const ways = edges[i] ?? [];
		const inputs = i === 0 ? shape.inputs : [];
		const outputs = i === passed ? shape.outputs : [];
		const before = shape.edges.length;
		return {
			boxes,
			routes: [
				...ways,
				...inputs.map((_, way) => before + way),
				...outputs.map((_, way) => before + shape.inputs.length + way),
			],
			shape: {
				sizes: boxes.map((box) => shape.sizes[box] ?? [0, 0]),
				edges: ways.map((way) => {
					const [source = 0, target = 0] = shape.edges[way] ?? [];
					return [at(source), at(target)] as const;
				}),
				inputs: inputs.map(([port, box]) => [port, at(box)] as const),
				outputs: outputs.map(([box, port]) => [at(box), port] as const),
			},
		};
	});
}

/** For each rank whether all ways pass its only box. */
function cuts(shape: LevelShape, ranks: readonly number[]): boolean[] {
	const last = ranks.reduce((most, rank) => Math.max(most, rank), 0);
	const held = new Int32Array(last + 1);
	for (const rank of ranks) held[rank] = (held[rank] ?? 0) + 1;
	// How many more ways run past a rank than past the one before it.
	const more = new Int32Array(last + 2);
	let runsBack = false;
	const pass = (from: number, to: number) => {
		runsBack ||= to <= from;
		more[from + 1] = (more[from + 1] ?? 0) + 1;
		more[to] = (more[to] ?? 0) - 1;
	};
	for (const [source, target] of shape.edges) pass(ranks[source] ?? 0, ranks[target] ?? 0);
	for (const [, box] of shape.inputs) pass(-1, ranks[box] ?? 0);
	for (const [box] of shape.outputs) pass(ranks[box] ?? 0, last + 1);
	let past = 0;
	return Array.from(held, (count, rank) => {
		past += more[rank] ?? 0;
		return !runsBack && count === 1 && past === 0;
	});
}

/** Joins placed sections where they have a box in common; undefined if some box is in the way. */
export function joinSections(
	sections: readonly Section[],
	placed: readonly Placed[],
	direction: Direction,
): Placed | undefined {
	const across = direction === "TB" ? 0 : 1;
	const main = direction === "TB" ? 1 : 0;
	const boxes: Point[] = [];
	const routes: Point[][] = [];
	const reach: number[] = [];
	let [inputPorts, outputPorts]: number[][] = [[], []];
	let length = 0;
	for (const [i, section] of sections.entries()) {
		const part = placed[i];
		if (!part || !isWhole(section, part, main, i > 0, i < sections.length - 1)) return undefined;
		const at = i > 0 ? boxes[section.boxes[0] ?? 0] : undefined;
		const from = part.boxes[0];
		const shift: Point = at && from ? [at[0] - from[0], at[1] - from[1]] : [0, 0];
		const move = ([x, y]: Point): Point => [x + shift[0], y + shift[1]];
		for (const [k, box] of section.boxes.entries()) boxes[box] = move(part.boxes[k] ?? [0, 0]);
		for (const [k, route] of section.routes.entries()) {
			routes[route] = (part.routes[k] ?? []).map(move);
		}
		const side = shift[across] ?? 0;
		const [wide, long] = across === 0 ? [part.width, part.height] : [part.height, part.width];
		reach.push(side, side + wide);
		length = (shift[main] ?? 0) + long;
		if (i === 0) inputPorts = part.inputPorts.map((port) => port + side);
		outputPorts = part.outputPorts.map((port) => port + side);
	}
	const [start, end] = balanced(reach, [...(inputPorts ?? []), ...(outputPorts ?? [])]);
	const frame = ([x, y]: Point): Point => (across === 0 ? [x - start, y] : [x, y - start]);
	return {
		width: across === 0 ? end - start : length,
		height: across === 0 ? length : end - start,
		boxes: boxes.map(frame),
		routes: routes.map((route) => route.map(frame)),
		inputPorts: (inputPorts ?? []).map((port) => port - start),
		outputPorts: (outputPorts ?? []).map((port) => port - start),
	};
}

/** Whether a section's first box lies before all others, and its last one behind them. */
function isWhole(
	{ shape }: Section,
	{ boxes }: Placed,
	main: 0 | 1,
	hasFirst: boolean,
	hasLast: boolean,
): boolean {
	const start = (i: number) => boxes[i]?.[main] ?? 0;
	const end = (i: number) => start(i) + (shape.sizes[i]?.[main] ?? 0);
	const last = boxes.length - 1;
	return boxes.every(
		(_, i) =>
			(!hasFirst || i === 0 || start(i) >= end(0)) &&
			(!hasLast || i === last || end(i) <= start(last)),
	);
}
