// Generated from nbviz/protocol/figures.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

export type Library = "plotly" | "altair";

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
	draws: boolean;
}

/** One figure. Buffer: a picture's file, or deflated JSON; empty where `note` says why. */
export interface FigureSent {
	kind: "figure_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	library: string;
	note: string;
	media_type: "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "application/json";
	height: number;
	width: number;
	reduced: number;
	buffer: number;
}

/** Ask for a part of the code with which a page draws figures of a library. */
export interface SendLibrary {
	kind: "send_library";
	client_id: string;
	request_id: number;
	run_id: string;
	name: "plotly" | "altair";
	part: number;
}

/** A part of a library's code. Buffer: that part of a module's source, deflated as a whole. */
export interface LibrarySent {
	kind: "library_sent";
	client_id: string;
	request_id: number;
	name: "plotly" | "altair";
	version: string;
	part: number;
	parts: number;
	buffer: number;
}

/** What comes unasked. */
export type FiguresUpdate = FiguresAdded;
