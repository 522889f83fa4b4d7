// Generated from nbviz/protocol/weights.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

/** One parameter whose values can be shown as a heatmap. */
export interface LayerInfo {
	name: string;
	shape: number[];
}

/** The parameters whose weights can be shown. */
export interface LayersListed {
	kind: "layers_listed";
	run_id: string;
	layers: LayerInfo[];
}

/** One parameter's values as a heatmap of `rows` × `columns` cells. Buffer: int16, row by row; a cell's value is `cell * scale`, and -32768 stands for NaN or an infinity. Convolution kernels are tiled: `tile_rows` × `tile_columns` cells each, or 0 × 0 for one matrix. */
export interface WeightsUpdated {
	shape: number[];
	rows: number;
	columns: number;
	tile_rows: number;
	tile_columns: number;
	reduced: number;
	scale: number;
	minimum: number;
	maximum: number;
	mean: number;
	std: number;
	nonfinite: number;
	kind: "weights_updated";
	run_id: string;
	name: string;
	step: number;
	buffer: number;
}

/** Steps of which heatmaps are kept; the tags are names of parameters. */
export interface WeightsKept {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "weights_kept";
}

/** Ask for a parameter's heatmap at or before a step. */
export interface SendWeights {
	kind: "send_weights";
	client_id: string;
	request_id: number;
	run_id: string;
	name: string;
	step: number;
}

/** A parameter's heatmap of an earlier step, as `WeightsUpdated` has the newest. */
export interface WeightsSent {
	shape: number[];
	rows: number;
	columns: number;
	tile_rows: number;
	tile_columns: number;
	reduced: number;
	scale: number;
	minimum: number;
	maximum: number;
	mean: number;
	std: number;
	nonfinite: number;
	kind: "weights_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	name: string;
	step: number;
	buffer: number;
}

/** What comes unasked. */
export type WeightsUpdate = LayersListed | WeightsUpdated | WeightsKept;
