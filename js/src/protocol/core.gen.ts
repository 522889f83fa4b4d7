// Generated from nbviz/protocol/core.py by generate_protocol.py. Do not edit.

export type NumberType = "uint8" | "uint16" | "uint32" | "float32" | "float64";

/** What the heatmap of a tensor says beside its cells. */
export interface HeatmapFields {
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
}

/** A tag of what is logged by step and is no scalar, and how many of its steps are listed. */
export interface ItemTag {
	tag: string;
	item_kind: string;
	count: number;
	left_out_for_time: number;
	left_out_for_memory: number;
	sent?: unknown;
}

/** Items of one panel that were logged; pages ask for those they show, or follow their tags. What they follow is a key of `SetWanted`: the pixels of the longest side of an image there, a space, and the tag. Buffer: float64; for each tag in turn its `count` steps, rising. A long history leaves some out; the first and the newest step of a tag are always listed. */
export interface ItemsAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
}

/** The request was carried out or, for a control command, accepted for the next safe point. */
export interface CommandDone {
	kind: "command_done";
	client_id: string;
	request_id: number;
}

/** The request was refused; `error` says what was wrong, the value, and the next act. */
export interface CommandFailed {
	kind: "command_failed";
	client_id: string;
	request_id: number;
	error: string;
}

/** A part of the front end that is loaded when it is first needed. Buffer: its source, UTF-8. */
export interface AssetSent {
	kind: "asset_sent";
	client_id: string;
	request_id: number;
	name: string;
	buffer: number;
}

/** A page is listening; answered by a snapshot. Sent again when a sequence number is missing. And while none has come: the first may be queued behind a running cell, which later ones pass. */
export interface Ready {
	kind: "ready";
	client_id: string;
	attempt?: number;
	need?: number;
}

/** The page has drawn every frame up to `sequence`. */
export interface Acknowledge {
	kind: "acknowledge";
	client_id: string;
	sequence: number;
	views?: number;
}

/** The page asks for its next frame, which leaves inside the handling of this request. */
export interface Pull {
	kind: "pull";
	client_id: string;
	sequence: number;
	views?: number;
}

/** Ask for a part of the front end that this page needs now. */
export interface SendAsset {
	kind: "send_asset";
	client_id: string;
	request_id: number;
	name: string;
}

/** Say what one view of this page shows of a run in one panel; what no view shows is not sent. Replaces what the view said before. What a key is decides the panel: a series' number, a parameter's name, a box of the graph. */
export interface SetWanted {
	kind: "set_wanted";
	client_id: string;
	request_id: number;
	run_id: string;
	panel: string;
	view: number;
	keys: string[];
	known?: number;
}

/** Make a run that the cell made before, drawn grey, one of those that are compared. */
export interface KeepRun {
	kind: "keep_run";
	client_id: string;
	request_id: number;
	run_id: string;
}

/** What comes unasked. */
export type CoreUpdate = CommandFailed;
