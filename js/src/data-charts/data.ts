// What nbviz/charts/page_data.py writes: a chart's description as JSON, arrays in it as base64.

interface Named {
	readonly title: string;
	readonly remark: string;
	/** The chart in words. */
	readonly said: string;
}

export interface CellsData extends Named {
	readonly chart: "cells";
	readonly rows: number;
	readonly columns: number;
	/** Rows and columns of the input. */
	readonly shape: readonly [number, number];
	/** Rows and columns of the input that a cell stands for. */
	readonly block: readonly [number, number];
	readonly values:
		| { readonly exact: string }
		| { readonly steps: string; readonly low: number; readonly scale: number };
	readonly palette: "sign" | "magnitude";
	readonly low: number;
	readonly high: number;
	/** Of the highest values; "" for the house's own. */
	readonly color: string;
	readonly row_names: readonly string[];
	readonly column_names: readonly string[];
	readonly row_label: string;
	readonly column_label: string;
	/** The values of the first and last column on an axis; the first row is then below. */
	readonly x: readonly [number, number] | null;
	readonly y: readonly [number, number] | null;
	readonly lines: readonly { readonly level: number; readonly points: string }[];
}

interface Colored extends Named {
	/** Which of the input's rows are drawn: uint32. */
	readonly rows: string;
	readonly colors: readonly string[];
	readonly color_names: readonly string[];
	/** Which colour each drawn row has: uint8. */
	readonly of_row: string;
}

export interface ArrowsData extends Colored {
	readonly chart: "arrows";
	readonly names: readonly [string, string];
	/** The lowest and highest x and y. */
	readonly ends: readonly [number, number, number, number];
	readonly longest: number;
	/** x, y, and how far each goes along both; the longest is 1 long. float64. */
	readonly arrows: string;
}

export interface ParallelData extends Colored {
	readonly chart: "parallel";
	readonly axes: readonly {
		readonly name: string;
		readonly words: readonly string[];
		/** float64; of words their places. */
		readonly values: string;
	}[];
}

export type ChartData = CellsData | ArrowsData | ParallelData;

/** What a chart tells the kernel. */
export type Choice =
	| { kind: "clear" }
	| { kind: "cells"; from: [number, number]; to: [number, number]; add: boolean }
	| { kind: "box"; box: [number, number, number, number] }
	| { kind: "ranges"; ranges: [number, number, number][] };

export function bytesOf(text: string): ArrayBuffer {
	const binary = atob(text);
	const bytes = new Uint8Array(binary.length);
	for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
	return bytes.buffer;
}

const NOT_FINITE = 65535;

/** The values of the cells, row by row; NaN for what is not finite. */
export function cellValues({ values }: CellsData): Float64Array {
	if ("exact" in values) return new Float64Array(bytesOf(values.exact));
	const steps = new Uint16Array(bytesOf(values.steps));
	return Float64Array.from(steps, (step) =>
		step === NOT_FINITE ? Number.NaN : values.low + step * values.scale,
	);
}
