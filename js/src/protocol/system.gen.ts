// Generated from nbviz/protocol/system.py by generate_protocol.py. Do not edit.

export type SystemUnit = "%" | "GB" | "MB/s";

/** One thing that is measured; those of one chart have the same unit. */
export interface SystemMeasure {
	chart: string;
	name: string;
	unit: "%" | "GB" | "MB/s";
	maximum: number | null;
}

/** All that is measured of a run; a measure keeps its place in the list. */
export interface SystemListed {
	kind: "system_listed";
	run_id: string;
	measures: SystemMeasure[];
}

/** New samples of every measure. Buffer: float64. For each measure in turn its `count` buckets, in the seven columns of `BucketsAppended`. */
export interface SystemSampled {
	kind: "system_sampled";
	run_id: string;
	counts: number[];
	buffer: number;
}

/** What comes unasked. */
export type SystemUpdate = SystemListed | SystemSampled;
