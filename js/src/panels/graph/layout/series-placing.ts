// Places boxes of which no two share a rank, as a person draws them: one below the other, and what skips
// some of them runs beside them, on the other side where it would cross what does so already.

import type { Direction, LevelShape, Placed, Point } from "./level";
import { balanced, roomAfter, roomBefore } from "./level-frame";

/** Between a box and a line that runs past it, and between two such lines. */
const CLEAR = 16;
const LANE = 12;
/** Between a line that runs past boxes and the border of its level. */
const BESIDE_LINE = 4;
/** Finding the sides takes time that grows with the square of this. */
const MOST = 150;

/** What leaves one box, or one port, and skips boxes; ranks are counted from 0, ports have -1. */
interface Skip {
	readonly from: number;
	/** The ranks where it arrives; the number of boxes for the lower border. */
	readonly to: number[];
	last: number;
	/** How far from the boxes' middle it runs; negative to the left. */
	lane: number;
}

/** The level with its boxes in one line; undefined if they are not to be drawn so. */
export function placeSeries(
	shape: LevelShape,
	ranks: readonly number[],
	direction: Direction,
	apart: number,
): Placed | undefined {
	const { sizes, edges, inputs, outputs } = shape;
	const count = sizes.length;
	const isRanked = new Set(ranks).size === count && ranks.every((rank) => rank < count);
	if (count === 0 || !isRanked) return undefined;
	const rank = (box: number) => ranks[box] ?? 0;
	if (edges.some(([source, target]) => rank(target) <= rank(source))) return undefined;
	const middlePort = inputs.find(([, box]) => rank(box) === 0)?.[0];
	const skips = new Map<string, Skip>();
	const skip = (name: string, from: number, to: number) => {
		const known = skips.get(name) ?? { from, to: [], last: to, lane: 0 };
		known.to.push(to);
		known.last = Math.max(known.last, to);
		skips.set(name, known);
	};
	for (const [source, target] of edges) {
		if (rank(target) > rank(source) + 1) skip(`b${source}`, rank(source), rank(target));
	}
	for (const [port, box] of inputs) {
		if (port !== middlePort || rank(box) > 0) skip(`i${port}`, -1, rank(box));
	}
	for (const [box] of outputs) {
		if (rank(box) < count - 1) skip(`b${box}`, rank(box), count);
	}
	if (skips.size > MOST) return undefined;

	const [across, main] = direction === "TB" ? ([0, 1] as const) : ([1, 0] as const);
	const inOrder: number[] = [];
	for (const [box, place] of ranks.entries()) inOrder[place] = box;
	const ordered = inOrder.map((box) => sizes[box] ?? ([0, 0] as const));
	arrange(
		[...skips.values()],
		ordered.map((size) => size[across] / 2),
	);

	const starts: number[] = [];
	const ends: number[] = [];
	let length = roomBefore(inputs.length) - apart;
	for (const size of ordered) {
		starts.push(length + apart);
		length += apart + size[main];
		ends.push(length);
	}
	length += roomAfter(outputs.length);
	const lane = (name: string) => skips.get(name)?.lane ?? 0;
	const reach = [
		...ordered.flatMap((size) => [-size[across] / 2, size[across] / 2]),
		...[...skips.values()].flatMap((one) => [one.lane - BESIDE_LINE, one.lane + BESIDE_LINE]),
	];
	const inputPorts: number[] = [];
	for (const [port] of inputs) inputPorts[port] = port === middlePort ? 0 : lane(`i${port}`);
	const outputPorts: number[] = [];
	for (const [box, port] of outputs) {
		outputPorts[port] = rank(box) < count - 1 ? lane(`b${box}`) : 0;
	}
	const [left, right] = balanced(reach, [...inputPorts, ...outputPorts]);
	const at = (side: number, along: number): Point =>
		across === 0 ? [side - left, along] : [along, side - left];
	/** Beside the boxes from one rank to another; straight on to a border. */
	const beside = (name: string, from: number, to: number): Point[] => {
		const side = lane(name);
		const begin = starts[from + 1] ?? 0;
		const end = to < count ? (ends[to - 1] ?? begin) : length;
		return end > begin ? [at(side, begin), at(side, end)] : [at(side, begin)];
	};
	const leave = (box: number) => at(0, ends[rank(box)] ?? 0);
	const arrive = (box: number) => at(0, starts[rank(box)] ?? 0);
	return {
		width: across === 0 ? right - left : length,
		height: across === 0 ? length : right - left,
		boxes: sizes.map((size, box) => {
			const [x, y] = at(-size[across] / 2, starts[rank(box)] ?? 0);
			return [x, y];
		}),
		routes: [
			...edges.map(([source, target]) => [
				leave(source),
				...(rank(target) > rank(source) + 1
					? beside(`b${source}`, rank(source), rank(target))
					: []),
				arrive(target),
			]),
			...inputs.map(([port, box]) => [
				at(inputPorts[port] ?? 0, 0),
				...(rank(box) > 0 ? beside(`i${port}`, -1, rank(box)) : []),
				arrive(box),
			]),
			...outputs.map(([box, port]) => [
				leave(box),
				...(rank(box) < count - 1 ? beside(`b${box}`, rank(box), count) : []),
				...(rank(box) < count - 1 ? [] : [at(outputPorts[port] ?? 0, length)]),
			]),
		],
		inputPorts: inputPorts.map((side) => side - left),
		outputPorts: outputPorts.map((side) => side - left),
	};
}

/** Gives each skip a side and a lane: short ones run next to the boxes, longer ones around them. */
function arrange(skips: Skip[], halves: readonly number[]): void {
	const done: Skip[] = [];
	for (const skip of skips.sort((a, b) => a.last - a.from - (b.last - b.from) || a.from - b.from)) {
		const crossed = (side: number) =>
			done
				.filter(({ lane }) => Math.sign(lane) === side)
				.reduce((sum, inner) => sum + crossings(skip, inner), 0);
		const side = crossed(-1) < crossed(1) ? -1 : 1;
		let reach = 0;
		for (let rank = skip.from + 1; rank < skip.last; rank += 1) {
			reach = Math.max(reach, halves[rank] ?? 0);
		}
		reach += CLEAR;
		for (const inner of done) {
			const isBeside = inner.from < skip.last && skip.from < inner.last;
			if (isBeside && Math.sign(inner.lane) === side) {
				reach = Math.max(reach, Math.abs(inner.lane) + LANE);
			}
		}
		skip.lane = side * reach;
		done.push(skip);
	}
}

/** How often a skip crosses a shorter one on the same side, around which it runs. */
function crossings(outer: Skip, inner: Skip): number {
	return [outer.from, ...outer.to].filter((rank) => inner.from < rank && rank < inner.last).length;
}
