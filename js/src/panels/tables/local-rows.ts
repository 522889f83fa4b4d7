// Rows arranged in a page without a kernel, as nbviz/panels/tables/order.py arranges them.
import type { Cell, ColumnInfo, RowsSent } from "../../protocol/index.gen";

const CONDITION = /^\s*(.+?)\s*(<=|>=|!=|==?|<|>)\s*(.*?)\s*$/;

export interface Arrangement {
	readonly sort: number;
	readonly descending: boolean;
	readonly filter: string;
}

/** Of the rows that an answer holds, those that a request asks for. */
export function localRows<A extends RowsSent>(
	answer: A,
	{ first, count, ...arrangement }: Arrangement & { first: number; count: number },
): A {
	const rows = arranged(answer, arrangement);
	return { ...answer, first, matching: rows.length, rows: rows.slice(first, first + count) };
}

type Row = readonly Cell[];

function arranged(
	{ rows, columns }: Pick<RowsSent, "rows" | "columns">,
	{ sort, descending, filter }: Arrangement,
): Cell[][] {
	const found = rows.filter(matching(columns, filter));
	const column = columns[sort];
	if (!column) return found;
	const sign = descending ? -1 : 1;
	const nothing = (row: Row) => Number(row[sort] === null);
	return found.sort((a, b) => {
		const missing = nothing(a) - nothing(b);
		if (missing !== 0 || column.column_kind === "image") return missing;
		return sign * compare(keyOf(column, a[sort]), keyOf(column, b[sort]));
	});
}

function matching(columns: readonly ColumnInfo[], filter: string): (row: Row) => boolean {
	const text = filter.trim();
	if (text === "") return () => true;
	const conditions = text.split(/\s+and\s+/).map((part) => condition(columns, part));
	if (conditions.every((one) => one !== undefined))
		return (row) => conditions.every((holds) => holds?.(row));
	const wanted = text.toLowerCase();
	return (row) =>
		row.some(
			(cell, i) =>
				columns[i]?.column_kind !== "image" && textOf(cell).toLowerCase().includes(wanted),
		);
}

/** What a condition asks of a row; undefined for what is none on a column of this table. */
function condition(
	columns: readonly ColumnInfo[],
	text: string,
): ((row: Row) => boolean) | undefined {
	const [, name = "", sign = "", value = ""] = CONDITION.exec(text) ?? [];
	const index = columns.findIndex((one) => one.name.toLowerCase() === name.toLowerCase());
	const column = columns[index];
	if (!column || column.column_kind === "image") return undefined;
	const isNumber = column.column_kind === "number";
	if (isNumber && (value === "" || Number.isNaN(Number(value)))) return undefined;
	if (column.column_kind === "boolean" && !/=/.test(sign[0] ?? "") && sign !== "!=")
		return undefined;
	const to = isNumber ? Number(value) : value.replace(/^['"]+|['"]+$/g, "").toLowerCase();
	return (row) => {
		const cell = row[index];
		if (isNumber && (cell === null || cell === undefined)) return sign === "!=";
		const by = compare(keyOf(column, cell), to);
		if (sign === "!=") return by !== 0;
		if (sign === "=" || sign === "==") return by === 0;
		return (sign[0] === "<" ? by < 0 : by > 0) || (sign[1] === "=" && by === 0);
	};
}

/** What a cell is sorted and compared by. */
function keyOf({ column_kind }: ColumnInfo, cell: Cell | undefined): number | string {
	if (column_kind !== "number") return textOf(cell).toLowerCase();
	if (cell === "∞") return Number.POSITIVE_INFINITY;
	return cell === "−∞" ? Number.NEGATIVE_INFINITY : Number(cell);
}

function compare(a: number | string, b: number | string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

function textOf(cell: Cell | undefined): string {
	return cell === null || cell === undefined ? "" : String(cell);
}
