// Generated from nbviz/protocol/summary.py by generate_protocol.py. Do not edit.

/** One column of a model's summary, with a cell for each row. */
export interface SummaryColumn {
	heading: string;
	cells: string[];
	values: (number | null)[];
	is_amount: boolean;
}

/** A model's summary: a row for each module call, in their order, each before those in it. It is the state of a widget of its own, and travels in no message. */
export interface SummaryTable {
	title: string;
	names: string[];
	details: string[];
	depths: number[];
	columns: SummaryColumn[];
	totals: string[];
	open_depth: number;
}
