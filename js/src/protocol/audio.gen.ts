// Generated from nbviz/protocol/audio.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

/** Sounds that were logged. */
export interface AudioAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "audio_added";
}

/** Ask for a part of the sound of a tag at or before a step. */
export interface SendAudio {
	kind: "send_audio";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	start: number;
}

/** A part of a WAV file of 16-bit samples. Buffer: its bytes from `start` on. */
export interface AudioSent {
	kind: "audio_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	sample_rate: number;
	channels: number;
	frames: number;
	start: number;
	size: number;
	buffer: number;
}

/** What comes unasked. */
export type AudioUpdate = AudioAdded;
