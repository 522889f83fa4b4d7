// Generated from nbviz/protocol/media.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

export type MediaKind = "image" | "video" | "tensor";

/** Images, videos and tensors that were logged. */
export interface MediaAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "media_added";
}

/** Ask for the item of a tag at or before a step. */
export interface SendMedia {
	kind: "send_media";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
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

/** One video. Buffer: a PNG file with its frames, row by row; what is left in it is black. */
export interface VideoSent {
	kind: "video_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	fps: number;
	frames: number;
	every: number;
	columns: number;
	height: number;
	width: number;
	reduced: number;
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

/** What comes unasked. */
export type MediaUpdate = MediaAdded;
