import { expect, it } from "vitest";
import { csvCell } from "../../../src/charts/export";
import { SeriesData } from "../../../src/charts/lines/series-data";
import { readRunsChoices } from "../../../src/panels/runs/choices";
import { columnsOf } from "../../../src/panels/runs/columns";
import { tableCsv } from "../../../src/panels/runs/csv";
import { columnNamed, readFilter } from "../../../src/panels/runs/filter";
import { mean } from "../../../src/panels/runs/grouping";
import { shownBy, suggested } from "../../../src/panels/runs/model";
import { differs, groupsBy, meanOf, sorted } from "../../../src/panels/runs/rows";
import { type Parameter, runsState } from "../../../src/panels/runs/state";
import type { RunState } from "../../../src/session/run";
import { rule } from "../../fixtures";

const NAN = Number.NaN;

function run(
	name: string,
	index: number,
	parameters: Record<string, Parameter>,
	values: Record<string, readonly number[]> = {},
): RunState {
	const made = {
		run_id: `id-${name}`,
		name,
		index,
		style: index,
		panels: new Map(),
	} as never as RunState;
	const state = runsState.of(made);
	state.parameters = parameters;
	state.tags = Object.keys(values);
	state.values = Float64Array.from(Object.values(values).flat());
	return made;
}

/** Newest, lowest and highest value with their steps. */
const six = (newest: number, lowest: number, highest: number) => [newest, 9, lowest, 3, highest, 5];

const RUNS = [
	run(
		"slow",
		0,
		{ lr: 0.001, act: "relu", depth: 3 },
		{ "loss/val": six(0.5, 0.4, 2), "accuracy/val": six(0.8, 0.1, 0.85) },
	),
	run(
		"fast",
		1,
		{ lr: 0.1, act: "gelu", depth: 3 },
		{ "loss/val": six(0.3, 0.2, 2), "accuracy/val": six(0.9, 0.1, 0.95) },
	),
	run("failed", 2, { lr: 0.1, act: null, depth: 3 }),
	run("nan", 3, { lr: 0.01, act: "relu", depth: 3 }, { "loss/val": [NAN, 9, NAN, NAN, NAN, NAN] }),
];
const COLUMNS = columnsOf(RUNS);
const column = (id: string) => {
	const found = COLUMNS.find((one) => one.id === id);
	if (!found) throw new Error(`no column ${id}`);
	return found;
};
const names = (runs: readonly RunState[]) => runs.map(({ name }) => name);

it("takes the lowest loss and the highest accuracy for the best", () => {
	const [slow] = RUNS;
	if (!slow) throw new Error("no run");
	expect(column("best:loss/val").of(slow)).toBe(0.4);
	expect(column("best:accuracy/val").of(slow)).toBe(0.85);
	expect(column("best step:accuracy/val").of(slow)).toBe(5);
});

it("sorts by a column; what has no value comes last both ways", () => {
	const best = column("best:loss/val");
	expect(names(sorted(RUNS, best, false))).toEqual(["fast", "slow", "failed", "nan"]);
	expect(names(sorted(RUNS, best, true))).toEqual(["slow", "fast", "failed", "nan"]);
	expect(names(sorted(RUNS, column("newest:loss/val"), false))).toEqual([
		"fast",
		"slow",
		"failed",
		"nan",
	]);
	expect(names(sorted(RUNS, column("parameter:lr"), true))).toEqual([
		"fast",
		"failed",
		"nan",
		"slow",
	]);
});

it.each([
	["relu", ["slow", "nan"]],
	["lr<0.05", ["slow", "nan"]],
	["lr >= 0.01 relu", ["nan"]],
	["accuracy>0.9", ["fast"]],
	["accuracy>90%", ["fast"]],
	["loss<=0.4", ["slow", "fast"]],
	["newest", []],
	["act=gelu", ["fast"]],
	['act!="gelu"', ["slow", "failed", "nan"]],
	["lr=1e-1", ["fast", "failed"]],
	["FAST", ["fast"]],
	["-relu", ["fast", "failed"]],
	["-lr<0.05", ["fast", "failed"]],
	["/^s|^FA/", ["slow", "fast", "failed"]],
	["-/^s/ -failed", ["fast", "nan"]],
	["/(/", []],
	["", ["slow", "fast", "failed", "nan"]],
])("filters by %s", (text, found) => {
	const filter = readFilter(text, COLUMNS);
	expect(filter.unknown).toEqual([]);
	expect(names(RUNS.filter((one) => filter.passes(one)))).toEqual(found);
});

it("says which name is no column's, and takes a half-typed range for words", () => {
	expect(readFilter("depht>2", COLUMNS).unknown).toEqual(["depht"]);
	expect(readFilter("lr<", COLUMNS).unknown).toEqual([]);
	expect(columnNamed("accuracy", COLUMNS)?.title).toContain("accuracy/val");
});

it("groups by a column, with the mean of each group", () => {
	const groups = groupsBy(column("parameter:lr"), RUNS);
	expect(groups.map(({ name, runs }) => [name, runs.length])).toEqual([
		["lr = 0.001", 1],
		["lr = 0.01", 1],
		["lr = 0.1", 2],
	]);
	expect(meanOf(column("newest:loss/val"), RUNS)).toMatchObject({ mean: 0.4, count: 2 });
	expect(differs(column("parameter:depth"), RUNS)).toBe(false);
	expect(differs(column("parameter:act"), RUNS)).toBe(true);
});

it("shows the main values, and of the hyper-parameters those that differ", () => {
	expect(suggested(COLUMNS).slice(0, 2)).toEqual(["best:accuracy/val", "newest:loss/val"]);
	const choices = readRunsChoices({});
	const ids = () => shownBy(RUNS, choices, undefined).columns.map(({ id }) => id);
	expect(ids()).toContain("parameter:lr");
	expect(ids()).not.toContain("parameter:depth");
	choices.onlyDiffering = false;
	expect(ids()).toContain("parameter:depth");
	choices.group = "parameter:act";
	const { rows, runs } = shownBy(RUNS, choices, new Set(["id-slow", "id-nan"]));
	expect(names(runs)).toEqual(["slow", "nan"]);
	expect(rows.map((row) => ("run" in row ? row.run.name : row.group.name))).toEqual([
		"act = relu",
		"slow",
		"nan",
	]);
});

it("takes choices of any form from a page before", () => {
	const choices = readRunsChoices({
		sorting: 4,
		columns: "x",
		styles: { a: "b", c: 2 },
		plot: "pie",
	});
	expect(choices).toMatchObject({ sorting: undefined, columns: undefined, plot: "none" });
	expect(choices.styles).toEqual({ c: 2 });
});

it("writes a CSV in which no cell is a formula", () => {
	const one = run("=1+1", 0, { note: '-2, "x"', lr: 0.1 });
	const columns = columnsOf([one]).filter(({ id }) =>
		["name", "parameter:note", "parameter:lr"].includes(id),
	);
	expect(tableCsv(columns, [one])).toBe(`run,note,lr\n'=1+1,"'-2, ""x""",0.1\n`);
	for (const { given, cell } of rule<{ given: string; cell: string }[]>("csv")) {
		expect(csvCell(given)).toBe(cell);
	}
});

function series(points: readonly (readonly [step: number, value: number])[]): SeriesData {
	const made = new SeriesData("a", 0, "loss");
	const [steps, values] = [points.map(([step]) => step), points.map(([, value]) => value)];
	made.appendPoints(Float64Array.from([...steps, ...steps, ...values]), points.length);
	return made;
}

it("draws a group as the mean of its runs, between the lowest and the highest", () => {
	const merged = mean([
		series([
			[0, 1],
			[10, 3],
			[20, 5],
		]),
		series([
			[0, 3],
			[20, 7],
		]),
		series([[10, NAN]]),
	]);
	const read = (values: Float64Array) => [...values.slice(0, merged.length)];
	expect(read(merged.steps)).toEqual([0, 10, 20]);
	expect(read(merged.mean)).toEqual([2, 4, 6]);
	expect(read(merged.min)).toEqual([1, 3, 5]);
	expect(read(merged.max)).toEqual([3, 5, 7]);
	expect(read(merged.count)).toEqual([2, 2, 2]);
	expect(mean([]).length).toBe(0);
});
