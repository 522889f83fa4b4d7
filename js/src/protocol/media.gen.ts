// Generated from nbviz/protocol/media.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

export type MediaKind = "image" | "histogram" | "tensor" | "text";

/** What a histogram's buffer does not hold. */
export interface HistogramInfo {
	step: number;
	bins: number;
	count: number;
	nonfinite: number;
	minimum: number | null;
	maximum: number | null;
	mean: number | null;
	std: number | null;
}

/** Images, histograms, tensors and texts that were logged. */
export interface MediaAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "media_added";
}

/** Ask for the item of a tag at or before a step; of histograms also those before it. */
export interface SendMedia {
	kind: "send_media";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	after: number;
	pixels: number;
}

/** What is said of one image of a grid. */
export interface ImageCaption {
	text: string;
	is_right: boolean | null;
}

/** One image. Buffer: a file of type `media_type`, perhaps smaller than what was logged. */
export interface ImageSent {
	kind: "image_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	media_type: "image/png" | "image/jpeg" | "image/gif" | "image/webp";
	height: number;
	width: number;
	reduced: number;
	columns: number;
	captions: ImageCaption[];
	buffer: number;
}

/** A tag's histograms by step, rising; the newest one and others before it, evenly chosen. Buffer: float64; for each histogram its counts (`bins`), then its edges (`bins + 1`). */
export interface HistogramsSent {
	kind: "histograms_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	histograms: HistogramInfo[];
	buffer: number;
}

/** One tensor as a heatmap, in the form of `WeightsUpdated`. */
export interface TensorSent {
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
	kind: "tensor_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	buffer: number;
}

/** One text; its last `omitted` characters are left out. */
export interface TextSent {
	kind: "text_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	text: string;
	omitted: number;
}

/** What comes unasked. */
export type MediaUpdate = MediaAdded;
