// Generated from nbviz/protocol/projector.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

export type Method = "pca" | "tsne" | "umap";

export type LayoutMethod = "tsne" | "umap";

export type LayoutState = "running" | "done" | "failed" | "cancelled";

export type NeighbourMetric = "cosine" | "euclidean";

/** Embeddings that were logged. */
export interface EmbeddingsAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "embeddings_added";
}

/** Where a layout of one embedding is that a page has started. */
export interface LayoutChanged {
	kind: "layout_changed";
	run_id: string;
	tag: string;
	step: number;
	method: "tsne" | "umap";
	dims: number;
	state: "running" | "done" | "failed" | "cancelled";
	share: number;
	revision: number;
	text: string;
}

/** One label of each point. */
export interface PointColumn {
	name: string;
	column_kind: "category" | "number" | "text";
	names: string[];
	content: string;
}

/** Ask for what is known of the embedding of a tag at or before a step. */
export interface SendEmbedding {
	kind: "send_embedding";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
}

/** What is known of an embedding; its positions and labels are asked for by themselves. Buffer: uint32; of a sample the places of its points among those that were logged, else empty. */
export interface EmbeddingSent {
	kind: "embedding_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	points: number;
	points_logged: number;
	points_without_place: number;
	dims_logged: number;
	kept_dims: number;
	variance: number[];
	columns: PointColumn[];
	images: string;
	image_height: number;
	image_width: number;
	image_channels: number;
	buffer: number;
}

/** Ask for positions from the point `start` on; for as many as fit into a message. */
export interface SendPositions {
	kind: "send_positions";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	method: "pca" | "tsne" | "umap";
	dims: number;
	start: number;
}

/** Positions of `count` points. Buffer: uint16, count × dims; position = middle + (value / 65534 - 0.5) × span. 65535 stands for a point without a place. */
export interface PositionsSent {
	kind: "positions_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	method: "pca" | "tsne" | "umap";
	dims: number;
	start: number;
	count: number;
	middle: number[];
	span: number;
	buffer: number;
}

/** Ask for labels from the point `start` on; for as many as fit into a message. */
export interface SendColumn {
	kind: "send_column";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	column: number;
	start: number;
}

/** Labels of `count` points. Buffer: of categories uint16, the place in `names`; of numbers float32; of texts UTF-8, a line each. */
export interface ColumnSent {
	kind: "column_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	column: number;
	start: number;
	count: number;
	buffer: number;
}

/** Ask for images of points. */
export interface SendThumbnails {
	kind: "send_thumbnails";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	points: number[];
}

/** Images of points; the last of those asked for are left out where they do not fit. Buffer: uint8, points × height × width × channels. */
export interface ThumbnailsSent {
	kind: "thumbnails_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	points: number[];
	buffer: number;
}

/** Ask for the points whose vectors are nearest to that of a point. */
export interface SendNeighbours {
	kind: "send_neighbours";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	point: number;
	count: number;
	metric: "cosine" | "euclidean";
}

/** The nearest points, without the point itself; nearest first. */
export interface NeighboursSent {
	kind: "neighbours_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	point: number;
	metric: "cosine" | "euclidean";
	points: number[];
	distances: number[];
}

/** Have an embedding laid out in the background; `LayoutChanged` tells how it goes. */
export interface StartLayout {
	kind: "start_layout";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	method: "tsne" | "umap";
	dims: number;
}

/** End the work on a layout. */
export interface CancelLayout {
	kind: "cancel_layout";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	method: "tsne" | "umap";
	dims: number;
}

/** Tell Python which points of an embedding are selected. */
export interface SelectPoints {
	kind: "select_points";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	selected: string;
}

/** What comes unasked. */
export type ProjectorUpdate = EmbeddingsAdded | LayoutChanged;
