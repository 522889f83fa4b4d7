import { expect, test } from "vitest";
import type { SummaryTable } from "../../src/protocol/index.gen";
import { NAMES, SummaryRows } from "../../src/summary/rows";

const PARAMETERS = 0;
const TIME = 1;

function rows(open_depth = 9): SummaryRows {
	const column = (heading: string, values: (number | null)[]) => ({
		heading,
		cells: values.map(String),
		values,
		is_amount: true,
	});
	const table: SummaryTable = {
		title: "Net",
		names: ["Net", "b10", "norm", "fc", "b9", "fc", "head"],
		details: ["", "Block", "LayerNorm, 8", "Linear, 8→8", "Block", "Linear, 8→4", "Linear"],
		depths: [0, 1, 2, 2, 1, 2, 1],
		columns: [
			column("Parameters", [150, 80, 16, 64, 36, 36, 34]),
			column("Time", [9, null, 1, 2, 3, 4, 5]),
		],
		totals: [],
		open_depth,
	};
	return new SummaryRows(table);
}

const names = (of: SummaryRows) => of.shown().map((row) => of.name(row));

test("rows are shown in the order of the calls, as deep as they are open", () => {
	expect(names(rows())).toEqual(["Net", "b10", "norm", "fc", "b9", "fc", "head"]);
	const folded = rows(1);
	expect(names(folded)).toEqual(["Net", "b10", "b9", "head"]);
	folded.open.add(4);
	expect(names(folded)).toEqual(["Net", "b10", "b9", "fc", "head"]);
});

test("a column sorts the rows within each row: largest first, then smallest, then as called", () => {
	const made = rows();
	made.sortBy(PARAMETERS);
	expect(names(made)).toEqual(["Net", "b10", "fc", "norm", "b9", "fc", "head"]);
	made.sortBy(PARAMETERS);
	expect(names(made)).toEqual(["Net", "head", "b9", "fc", "b10", "norm", "fc"]);
	made.sortBy(PARAMETERS);
	expect(made.sorting).toBeUndefined();
});

test("names are sorted as people count, and rows without a value come last both ways", () => {
	const made = rows(1);
	made.sortBy(NAMES);
	expect(names(made)).toEqual(["Net", "b9", "b10", "head"]);
	made.sortBy(TIME);
	expect(names(made)).toEqual(["Net", "head", "b9", "b10"]);
	made.sortBy(TIME);
	expect(names(made)).toEqual(["Net", "b9", "head", "b10"]);
});

test("a list has whole paths, and a filter keeps what is around its matches", () => {
	const made = rows(1);
	made.filter = "→4";
	expect(names(made)).toEqual(["Net", "b9", "fc"]);
	made.isFlat = true;
	expect(names(made)).toEqual(["Net", "b9.fc"]);
	made.filter = "";
	made.sortBy(PARAMETERS);
	expect(names(made)).toEqual(["Net", "b10", "b10.fc", "b9", "b9.fc", "head", "b10.norm"]);
});
