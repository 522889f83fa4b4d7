// Generated from nbviz/protocol/tables.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

export type Cell = string | number | boolean | null;

/** A column of a table. */
export interface ColumnInfo {
	name: string;
	column_kind: "number" | "boolean" | "text" | "image";
}

/** Tables that were logged. */
export interface TablesAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "tables_added";
}

/** Ask for rows of the table of a tag at or before a step. */
export interface SendRows {
	kind: "send_rows";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	first: number;
	count: number;
	sort: number;
	descending: boolean;
	filter: string;
}

/** Rows of a table, as many as a frame holds. Buffer: PNG files of images, one after another. */
export interface RowsSent {
	kind: "rows_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	columns: ColumnInfo[];
	total: number;
	matching: number;
	first: number;
	rows: ((string | number | boolean | null)[])[];
	images: number[];
	buffer: number;
}

/** What comes unasked. */
export type TablesUpdate = TablesAdded;
