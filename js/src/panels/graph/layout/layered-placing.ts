// Places the boxes of a level with very many of them, in time that grows with their number: ranks by
// longest path, order by barycentres, positions by neighbours' means (after Sugiyama, Tagawa, Toda,
// "Methods for visual understanding of hierarchical system structures", 1981).
import type { Direction, LevelShape, Placed, Point } from "./level";
import { ranksOf } from "./ranks";

const BESIDE = 18;
const BETWEEN_RANKS = 26;
const ROOM = 26;
const LINE = 10;
const LANE = 10;
const LANES = 6;
/** A line over more ranks than this runs beside the level, not between its boxes. */
const LONGEST = 24;
const ORDERINGS = 4;
const SETTLINGS = 8;

/** A box, or the place where a line passes a rank. */
interface Item {
	readonly size: number;
	readonly before: number[];
	readonly after: number[];
	rank: number;
	place: number;
	across: number;
}

export function placeLayered(shape: LevelShape, direction: Direction): Placed {
	const down = direction === "TB";
	const across = (i: number) => shape.sizes[i]?.[down ? 0 : 1] ?? 0;
	const main = (i: number) => shape.sizes[i]?.[down ? 1 : 0] ?? 0;
	const rankOf = ranksOf(shape);
	const items: Item[] = shape.sizes.map((_, i) => item(across(i), rankOf[i] ?? 0));
	const ways = shape.edges.map(([a, b]) => join(items, a, b));
	const ranks: number[][] = [];
	for (const [i, { rank }] of items.entries()) {
		ranks[rank] ??= [];
		ranks[rank]?.push(i);
	}
	order(items, ranks);
	settle(items, ranks);

	const starts: number[] = [];
	const ends: number[] = [];
	let length = shape.inputs.length > 0 ? ROOM : 0;
	for (const rank of ranks) {
		const thick = Math.max(0, ...rank.filter((i) => i < shape.sizes.length).map(main));
		starts.push(length);
		ends.push(length + thick);
		length += thick + BETWEEN_RANKS;
	}
	length += (shape.outputs.length > 0 ? 6 : 0) - BETWEEN_RANKS;
	let left = 0;
	let right = 0;
	for (const one of items) {
		left = Math.min(left, one.across - one.size / 2);
		right = Math.max(right, one.across + one.size / 2);
	}
	let lanes = 0;
	const at = (x: number, y: number): Point => (down ? [x - left, y] : [y, x - left]);
	const middle = (i: number) => items[i]?.across ?? 0;
	const top = (i: number) => {
		const rank = items[i]?.rank ?? 0;
		return ((starts[rank] ?? 0) + (ends[rank] ?? 0) - main(i)) / 2;
	};
	const leave = (i: number): Point[] => {
		const edge = ends[items[i]?.rank ?? 0] ?? 0;
		return unique(at(middle(i), top(i) + main(i)), at(middle(i), edge));
	};
	const arrive = (i: number): Point[] => {
		const edge = starts[items[i]?.rank ?? 0] ?? 0;
		return unique(at(middle(i), edge), at(middle(i), top(i)));
	};
	/** Beside the level, from below one rank to above another. */
	const lane = (from: number, to: number): Point[] => {
		const x = right + LINE + (lanes++ % LANES) * LANE;
		return [at(x, from + BETWEEN_RANKS / 2), at(x, to - BETWEEN_RANKS / 2)];
	};
	const port = (boxes: readonly number[]) =>
		boxes.reduce((sum, box) => sum + middle(box), 0) / (boxes.length || 1);
	const inputs = grouped(shape.inputs.map(([p, box]) => [p, box] as const)).map(port);
	const outputs = grouped(shape.outputs.map(([box, p]) => [p, box] as const)).map(port);
	const last = ranks.length - 1;
	const routes: Point[][] = [
		...shape.edges.map(([a, b], i) => {
			const way = ways[i];
			const between = way
				? way.flatMap((one) => {
						const rank = items[one]?.rank ?? 0;
						return [at(middle(one), starts[rank] ?? 0), at(middle(one), ends[rank] ?? 0)];
					})
				: lane(ends[items[a]?.rank ?? 0] ?? 0, starts[items[b]?.rank ?? 0] ?? 0);
			return [...leave(a), ...between, ...arrive(b)];
		}),
		...shape.inputs.map(([p, box]) => {
			const rank = items[box]?.rank ?? 0;
			const over = rank > 0 ? lane(0, starts[rank] ?? 0) : [];
			return [at(inputs[p] ?? 0, 0), ...over, ...arrive(box)];
		}),
		...shape.outputs.map(([box, p]) => {
			const rank = items[box]?.rank ?? 0;
			const over = rank < last ? lane(ends[rank] ?? 0, length) : [];
			return [...leave(box), ...over, at(outputs[p] ?? 0, length)];
		}),
	];
	const wide = right - left + (lanes > 0 ? 2 * LINE + LANES * LANE : 0);
	return {
		width: down ? wide : length,
		height: down ? length : wide,
		boxes: shape.sizes.map((_, i) => at(middle(i) - across(i) / 2, top(i))),
		routes,
		inputPorts: inputs.map((x) => x - left),
		outputPorts: outputs.map((x) => x - left),
	};
}

function item(size: number, rank: number): Item {
	return { size, rank, before: [], after: [], place: 0, across: 0 };
}

/** Joins two boxes through every rank between them; undefined if that is too far. */
function join(items: Item[], a: number, b: number): number[] | undefined {
	const span = (items[b]?.rank ?? 0) - (items[a]?.rank ?? 0);
	if (span > LONGEST || span < 1) return undefined;
	const way: number[] = [];
	let from = a;
	const connect = (to: number) => {
		items[from]?.after.push(to);
		items[to]?.before.push(from);
		from = to;
	};
	for (let step = 1; step < span; step += 1) {
		items.push(item(LINE, (items[a]?.rank ?? 0) + step));
		way.push(items.length - 1);
		connect(items.length - 1);
	}
	connect(b);
	return way;
}

/** Orders the ranks so that lines cross little: each box near the mean place of those it is joined to. */
function order(items: Item[], ranks: number[][]): void {
	const number = (rank: number[]) => {
		for (const [place, i] of rank.entries()) {
			const one = items[i];
			if (one) one.place = place;
		}
	};
	for (const rank of ranks) number(rank);
	for (let sweep = 0; sweep < ORDERINGS; sweep += 1) {
		const isDown = sweep % 2 === 0;
		for (const rank of isDown ? ranks : [...ranks].reverse()) {
			if (rank.length < 2) continue;
			const target = new Map(
				rank.map((i) => {
					const one = items[i];
					const near = (isDown ? one?.before : one?.after) ?? [];
					const sum = near.reduce((total, j) => total + (items[j]?.place ?? 0), 0);
					return [i, near.length > 0 ? sum / near.length : (one?.place ?? 0)];
				}),
			);
			rank.sort((i, j) => (target.get(i) ?? 0) - (target.get(j) ?? 0));
			number(rank);
		}
	}
}

/** Moves each box towards the middle of those it is joined to, as far as its neighbours let it. */
function settle(items: Item[], ranks: number[][]): void {
	for (const rank of ranks) {
		let x = 0;
		for (const i of rank) {
			const one = items[i];
			if (!one) continue;
			one.across = x + one.size / 2;
			x += one.size + BESIDE;
		}
		for (const i of rank) {
			const one = items[i];
			if (one) one.across -= (x - BESIDE) / 2;
		}
	}
	for (let sweep = 0; sweep < SETTLINGS; sweep += 1) {
		const isDown = sweep % 2 === 0;
		for (const rank of isDown ? ranks : [...ranks].reverse()) {
			const targets = rank.map((i) => {
				const one = items[i];
				const near = (isDown ? one?.before : one?.after) ?? [];
				if (near.length === 0) return one?.across ?? 0;
				return near.reduce((sum, j) => sum + (items[j]?.across ?? 0), 0) / near.length;
			});
			const apart = (k: number) =>
				((items[rank[k - 1] ?? 0]?.size ?? 0) + (items[rank[k] ?? 0]?.size ?? 0)) / 2 + BESIDE;
			const rightwards = [...targets];
			for (let k = 1; k < rank.length; k += 1) {
				rightwards[k] = Math.max(targets[k] ?? 0, (rightwards[k - 1] ?? 0) + apart(k));
			}
			const leftwards = [...targets];
			for (let k = rank.length - 2; k >= 0; k -= 1) {
				leftwards[k] = Math.min(targets[k] ?? 0, (leftwards[k + 1] ?? 0) - apart(k + 1));
			}
			for (const [k, i] of rank.entries()) {
				const one = items[i];
				if (one) one.across = ((rightwards[k] ?? 0) + (leftwards[k] ?? 0)) / 2;
			}
		}
	}
}

function grouped(pairs: readonly (readonly [port: number, box: number])[]): number[][] {
	const found: number[][] = [];
	for (const [port, box] of pairs) {
		found[port] ??= [];
		found[port]?.push(box);
	}
	return found;
}

function unique(a: Point, b: Point): Point[] {
	return Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) < 1 ? [a] : [a, b];
}
