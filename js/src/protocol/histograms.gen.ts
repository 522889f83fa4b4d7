// Generated from nbviz/protocol/histograms.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

/** What a histogram's buffer does not hold. */
export interface HistogramInfo {
	step: number;
	bins: number;
	count: number;
	nonfinite: number;
	sampled: number;
	minimum: number | null;
	maximum: number | null;
	mean: number | null;
	std: number | null;
}

/** Histograms that were logged. */
export interface HistogramsAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "histograms_added";
}

/** Ask for the histograms of a tag up to a step. */
export interface SendHistograms {
	kind: "send_histograms";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	after: number;
}

/** A tag's histograms by step, rising; the newest one and others before it, evenly chosen. To pages that follow the tag those are sent that came since the last were. Buffer: float64; for each histogram its counts (`bins`), then its edges (`bins + 1`). */
export interface HistogramsSent {
	kind: "histograms_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	after: number;
	histograms: HistogramInfo[];
	buffer: number;
}

/** What comes unasked. */
export type HistogramsUpdate = HistogramsAdded;
