// The table as a CSV file.
import { csvCell } from "../../charts/export";
import type { RunState } from "../../session/run";
import type { Column } from "./columns";

/** One row a run, the columns as given; numbers in full. */
export function tableCsv(columns: readonly Column[], runs: readonly RunState[]): string {
	const head = columns.map(({ id, title }) => csvCell(id === "name" ? "run" : title)).join(",");
	const rows = runs.map((run) => columns.map((column) => cell(column, run)).join(","));
	return `${[head, ...rows].join("\n")}\n`;
}

function cell(column: Column, run: RunState): string {
	const value = column.of(run);
	if (value === undefined) return "";
	return typeof value === "number" ? String(value) : csvCell(String(value));
}
