// Generated from nbviz/protocol/roc.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

/** What the buffer does not hold of the curve of one class against all others. */
export interface CurveInfo {
	name: string;
	positives: number;
	negatives: number;
	average_precision: number | null;
	roc_auc: number | null;
	thresholds: number;
	points: number;
	bins: number;
}

/** Curves that were logged. */
export interface RocAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "roc_added";
}

/** Ask for the curves of a tag at or before a step. */
export interface SendRoc {
	kind: "send_roc";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
}

/** The curves of one step. Buffer: float64, deflated as `nbviz.panels.wire.deflated` does. For each curve in turn: true positives at `thresholds` thresholds from 0 to 1, evenly; false positives there; of its `points`, thresholds falling, the thresholds, true positives, false positives; and of its `bins` of equal width from 0 to 1 the samples, the sums of their scores, the positives. */
export interface RocSent {
	kind: "roc_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	curves: CurveInfo[];
	left_out: number;
	buffer: number;
}

/** What comes unasked. */
export type RocUpdate = RocAdded;
