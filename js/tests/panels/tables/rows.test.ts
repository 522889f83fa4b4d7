// Which rows are asked for, and how a page without a kernel arranges those that it has.
import { expect, test } from "vitest";
import { localRows } from "../../../src/panels/tables/local-rows";
import { Pages } from "../../../src/panels/tables/pages";
import type { RowsSent } from "../../../src/protocol/index.gen";
import { fixture } from "../../fixtures";

const { message } = fixture("rows_sent");
const ALL = { first: 0, count: 100, sort: -1, descending: false, filter: "" };

/** The first column of the rows, as they are asked for. */
function scores(request: Partial<typeof ALL>, answer: RowsSent = message) {
	return localRows(answer, { ...ALL, ...request }).rows.map(([score]) => score);
}

test("rows are sorted, and cells with nothing in them are last in both directions", () => {
	expect(scores({ sort: 0 })).toEqual([0.5, 2, null]);
	expect(scores({ sort: 0, descending: true })).toEqual([2, 0.5, null]);
	expect(scores({ sort: 1 })).toEqual([2, 0.5, null]); // <img, cat, Dog
	expect(scores({ sort: 2 })).toEqual([2, 0.5, null]);
	expect(scores({ sort: 3 })).toEqual([0.5, null, 2]);
	expect(scores({ sort: 9 })).toEqual([0.5, 2, null]);
});

test("rows are filtered by a text or by conditions", () => {
	expect(scores({ filter: "DOG" })).toEqual([null]);
	expect(scores({ filter: "score > 0.5" })).toEqual([2]);
	expect(scores({ filter: "score >= 0.5 and RIGHT = 'True'" })).toEqual([0.5]);
	expect(scores({ filter: "right != true" })).toEqual([2, null]);
	expect(scores({ filter: "score != 2" })).toEqual([0.5, null]);
	expect(scores({ filter: "score > x" })).toEqual([]);
	expect(scores({ filter: "picture = 0" })).toEqual([]); // an image is no number
});

test("infinite numbers are sorted as such", () => {
	const rows = [["∞"], [1], ["−∞"]];
	expect(scores({ sort: 0 }, { ...message, rows })).toEqual(["−∞", 1, "∞"]);
});

test("a range is of what matches", () => {
	const { rows, matching, total, first } = localRows(message, { ...ALL, first: 1, count: 1 });
	expect(rows.map(([score]) => score)).toEqual([2]);
	expect([matching, total, first]).toEqual([3, 3, 1]);
});

test("only rows in sight that have not come are asked for", () => {
	const row = { cells: [], image: () => "" };
	const pages = new Pages(1000);
	expect(pages.missing(0, 30, 100)).toEqual({ first: 0, count: 100 });
	pages.take(0, Array(100).fill(row));
	expect(pages.missing(0, 100, 100)).toBeUndefined();
	expect(pages.missing(90, 120, 100)).toEqual({ first: 100, count: 100 });
	pages.take(150, Array(100).fill(row));
	expect(pages.missing(90, 120, 100)).toEqual({ first: 100, count: 50 });
	expect(pages.missing(980, 1020, 100)).toEqual({ first: 980, count: 20 });
	expect(new Pages(0).missing(0, 30, 100)).toBeUndefined();
});

test("rows are forgotten before there are too many", () => {
	const row = { cells: [], image: () => "" };
	const pages = new Pages(100_000);
	for (let first = 0; first < 20_000; first += 500) pages.take(first, Array(500).fill(row));
	expect(pages.at(0)).toBeUndefined();
	expect(pages.at(19_999)).toBe(row);
});
