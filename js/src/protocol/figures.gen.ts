// Generated from nbviz/protocol/figures.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

/** Figures that were logged. */
export interface FiguresAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "figures_added";
}

/** Ask for the figure of a tag at or before a step. */
export interface SendFigure {
	kind: "send_figure";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	pixels: number;
}

/** One figure. Buffer: a PNG file, empty where `note` says why it is not drawn. */
export interface FigureSent {
	kind: "figure_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	library: string;
	note: string;
	media_type: "image/png" | "image/jpeg" | "image/gif" | "image/webp";
	height: number;
	width: number;
	reduced: number;
	buffer: number;
}

/** What comes unasked. */
export type FiguresUpdate = FiguresAdded;
