// Generated from nbviz/protocol/windows.py by generate_protocol.py. Do not edit.

/** One window, as it is now. */
export interface WindowChanged {
	env: string;
	win: string;
	number: number;
	spec: string;
}

/** A window that is not there any more. */
export interface WindowClosed {
	env: string;
	win: string;
}

/** Bytes of a blob from `start` on, of `size` in all, in the buffer of that place. */
export interface BlobPart {
	blob: number;
	start: number;
	size: number;
	buffer: number;
}

/** What is new: blobs come before, or with, the first window that names them. */
export interface WindowsChange {
	envs: string[];
	env: string;
	changed: WindowChanged[];
	closed: WindowClosed[];
	parts: BlobPart[];
	forgotten: number[];
}

/** What a reader did to a window; sent as `window_event` beside the page's `client_id`. */
export interface WindowEvent {
	event_type: string;
	eid: string;
	target: string;
	more: Record<string, unknown>;
}
