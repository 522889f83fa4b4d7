// Generated from nbviz/protocol/predictions.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

/** Predictions that were logged. */
export interface PredictionsAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "predictions_added";
}

/** Ask for the predictions of a tag at or before a step. */
export interface SendPredictions {
	kind: "send_predictions";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
}

/** Predictions of one step, the most confident mistakes first. Buffer: float64, deflated as `nbviz.panels.wire.deflated` does. Of each sample in turn its index; then of each its target, -1 where there is none; then of each the probability of that, in 65535ths and -1 where it is not known; then, rank by rank, of each a class, and of each its probability. */
export interface PredictionsSent {
	kind: "predictions_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	size: number;
	names: string[];
	samples: number;
	omitted: number;
	mistakes: number;
	labelled: number;
	ranks: number;
	inputs: string;
	is_training: boolean;
	buffer: number;
}

/** Ask what samples look like, and how they fared over the steps of their tag. */
export interface SendSamples {
	kind: "send_samples";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	indices: number[];
	with_inputs: boolean;
}

/** Samples of a tag. Buffer: `picture_bytes` bytes of a PNG file, then courses. The file holds pictures of `height` × `width` pixels row by row, `columns` of them beside each other. The courses are float64, deflated: the steps; then for each sample the probability of its true class at each of them, in 65535ths and -1 where it is not known; then for each the class that was predicted, -2 where it is not among the step's samples. */
export interface SamplesSent {
	kind: "samples_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	indices: number[];
	inputs: string;
	texts: string[];
	picture_bytes: number;
	columns: number;
	height: number;
	width: number;
	steps: number;
	buffer: number;
}

/** Change samples of the training data, from the next epoch on. */
export interface EditData {
	kind: "edit_data";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	action: "drop" | "relabel" | "weight" | "restore";
	indices: number[];
	value: number;
}

/** What comes unasked. */
export type PredictionsUpdate = PredictionsAdded;
