// Generated from nbviz/protocol/text.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

/** Texts that were logged. */
export interface TextAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "text_added";
}

/** Ask for the text of a tag at or before a step. */
export interface SendText {
	kind: "send_text";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
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
	markdown: boolean;
	omitted: number;
}

/** What comes unasked. */
export type TextUpdate = TextAdded;
