// What is read from a matrix, and what follows from it.
import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { inOrder } from "../../../src/panels/confusion/class-list";
import {
	accuracy,
	cellsOf,
	classScores,
	nameOf,
	readCounts,
	scaled,
	valueAt,
	visitCells,
} from "../../../src/panels/confusion/counts";
import { around, moved, whole, zoomed } from "../../../src/panels/confusion/window";
import type { NumberType } from "../../../src/protocol/index.gen";
import { fixture } from "../../fixtures";

async function example() {
	const { message, buffers } = fixture("confusion_sent");
	const bytes = buffers[0];
	if (!bytes) throw new Error("the fixture has no buffer");
	return readCounts(message, bytes);
}

/** A matrix of counts as it would come. */
async function counts(matrix: readonly (readonly number[])[]) {
	const size = matrix.length;
	const flat = matrix.flat();
	const places = flat.flatMap((value, place) => (value === 0 ? [] : [place]));
	const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
	const { message } = fixture("confusion_sent");
	const bytes = Uint8Array.from([
		...places.map((place, i) => place - (i > 0 ? (places[i - 1] ?? 0) : 0)),
		...places.map((place) => flat[place] ?? 0),
		...matrix.map(sum),
		...matrix.map((_, column) => sum(matrix.map((row) => row[column] ?? 0))),
		...matrix.map((row, i) => row[i] ?? 0),
	]);
	const types: NumberType[] = ["uint8", "uint8", "uint8"];
	const sent = { ...message, size, types, names: [], cells: places.length, left_out: 0 };
	return readCounts(sent, new DataView(new Uint8Array(deflateSync(bytes)).buffer));
}

test("what Python deflates is what is read", async () => {
	const found = await example();
	const matrix = [0, 1, 2].map((row) => [0, 1, 2].map((column) => valueAt(found, row, column)));
	expect(matrix).toEqual([
		[8, 2, 0],
		[1, 9, 0],
		[0, 0, 5],
	]);
	expect([found.total, found.step, found.leftOut]).toEqual([25, 40, 2]);
	expect(accuracy(found)).toBeCloseTo(22 / 25);
	expect([nameOf(found, 1), nameOf(found, 2)]).toEqual(["<b>dog</b>", "2"]);
});

test("shares are of the row, of the column, or of all", async () => {
	const found = await example();
	expect(scaled(found, "count", 0, 1, 2)).toBe(2);
	expect(scaled(found, "row", 0, 1, 2)).toBeCloseTo(0.2);
	expect(scaled(found, "column", 0, 1, 2)).toBeCloseTo(2 / 11);
	expect(scaled(found, "all", 0, 1, 2)).toBeCloseTo(2 / 25);
	expect([...cellsOf(found, "row").values]).toEqual([0.8, 0.2, 0.1, 0.9, 1]);
});

test("the cells in a square of classes are visited, and no others", async () => {
	const found = await counts([
		[1, 2, 0, 3],
		[0, 0, 0, 0],
		[4, 0, 5, 6],
		[7, 8, 9, 0],
	]);
	const inside = (row: number, column: number, count: number) => {
		const seen: number[][] = [];
		visitCells(found, { row, column, count }, (...cell) => seen.push(cell));
		return seen;
	};
	expect(inside(0, 0, 4).map(([, , value]) => value)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
	expect(inside(1, 1, 3)).toEqual([
		[1, 1, 5, 4],
		[1, 2, 6, 5],
		[2, 0, 8, 7],
		[2, 1, 9, 8],
	]);
	expect(inside(0, 2, 2)).toEqual([[0, 1, 3, 2]]);
	expect(inside(1, 0, 1)).toEqual([]);
	expect([valueAt(found, 3, 0), valueAt(found, 1, 3), valueAt(found, 3, 3)]).toEqual([7, 0, 0]);
});

test("nothing is a share of nothing", async () => {
	const nothing = await counts([
		[0, 0],
		[0, 0],
	]);
	expect(accuracy(nothing)).toBeNaN();
	expect(scaled(nothing, "row", 0, 0, 0)).toBe(0);
	expect(cellsOf(nothing, "all")).toMatchObject({ limit: 0 });
	expect(classScores(nothing)[0]).toMatchObject({ recall: Number.NaN, f1: Number.NaN });
});

test("a difference has the cells that changed, also those that one of them has not", async () => {
	const now = await counts([
		[3, 0],
		[2, 4],
	]);
	const before = await counts([
		[1, 5],
		[2, 0],
	]);
	const { places, values, limit, isDifference } = cellsOf(now, "count", before);
	expect([...places]).toEqual([0, 1, 3]);
	expect([...values]).toEqual([2, -5, 4]);
	expect([limit, isDifference]).toEqual([5, true]);
});

test("how a class does: accuracy, precision and F1; what is no number stands last", async () => {
	const scores = classScores(
		await counts([
			[8, 2, 0],
			[1, 9, 0],
			[0, 0, 0],
		]),
	);
	expect(scores[0]).toMatchObject({ samples: 10, recall: 0.8 });
	expect(scores[0]?.precision).toBeCloseTo(8 / 9);
	expect(scores[0]?.f1).toBeCloseTo(16 / 19);
	const order = (isDescending: boolean) =>
		inOrder(scores, "recall", isDescending).map(({ index }) => index);
	expect(order(false)).toEqual([0, 1, 2]);
	expect(order(true)).toEqual([1, 0, 2]);
	expect(inOrder(scores, "name", true).map(({ name }) => name)).toEqual(["2", "1", "0"]);
});

test("zoom and moves stay within the matrix", () => {
	const all = whole(1000);
	const half = zoomed(all, 1000, 2, 0.5, 0.5);
	expect(half).toEqual({ row: 250, column: 250, count: 500 });
	expect(moved(half, 1000, 900, -900)).toEqual({ row: 500, column: 0, count: 500 });
	expect(zoomed(half, 1000, 0.01, 0, 0)).toEqual(all);
	expect(zoomed({ row: 0, column: 0, count: 5 }, 1000, 1.01, 0, 0).count).toBe(4);
	expect(zoomed(whole(2), 2, 5, 0, 0)).toEqual(whole(2));
	expect(around(half, 1000, 10, 999)).toEqual({ row: 10, column: 500, count: 500 });
	expect(around(half, 1000, 300, 300)).toEqual(half);
});
