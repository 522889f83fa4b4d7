// Generated from nbviz/protocol/confusion.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

/** Confusion matrices that were logged. */
export interface ConfusionAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "confusion_added";
}

/** Ask for the confusion matrix of a tag at or before a step. */
export interface SendConfusion {
	kind: "send_confusion";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
}

/** One confusion matrix: its cells that are not 0, and the sums of all of them. Buffer: three parts, each of its type, deflated as `nbviz.panels.wire.deflated` does. For each cell how far its place (target × size + prediction) is from the one before; for each cell its value; for each class the sum of its row, then of its column, then its cell on the diagonal. */
export interface ConfusionSent {
	kind: "confusion_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	size: number;
	names: string[];
	cells: number;
	omitted: number;
	left_out: number;
	types: ("uint8" | "uint16" | "uint32" | "float32" | "float64")[];
	buffer: number;
}

/** What comes unasked. */
export type ConfusionUpdate = ConfusionAdded;
