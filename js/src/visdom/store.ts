// What the page knows of its windows. Views are notified once a painted frame of those that changed.
import type { BlobPart, Update, WindowsChange } from "../protocol/index.gen";
import type { Received } from "../session/connection";
import { Listeners } from "../session/shared";
import { readSpec, type WindowSpec } from "./spec";

export interface ShownWindow {
	readonly env: string;
	readonly win: string;
	readonly number: number;
	readonly spec: WindowSpec;
}

interface HeldBlob {
	readonly bytes: Uint8Array;
	received: number;
	url?: string;
}

export class WindowsStore implements Received {
	readonly runs = new Map<string, never>();
	readonly windows = new Map<string, ShownWindow>();
	envs: readonly string[] = [];
	/** The environment that was used last. */
	env = "";
	isSilent = false;
	isGone = false;
	isFilled = false;
	private readonly blobs = new Map<number, HeldBlob>();
	private readonly listeners = new Listeners();
	private frame = 0;

	/** Calls `listener` once per painted frame in which something changed; returns what ends that. */
	subscribe(listener: () => void): () => void {
		return this.listeners.subscribe(listener);
	}

	clear(): void {
		this.isFilled = true;
		this.windows.clear();
		for (const blob of this.blobs.keys()) this.forget(blob);
		this.mark();
	}

	apply(update: Update, buffers: readonly DataView[]): undefined {
		const change = update as unknown as WindowsChange;
		for (const part of change.parts) this.take(part, buffers[part.buffer]);
		this.envs = change.envs;
		this.env = change.env;
		for (const { env, win } of change.closed) this.windows.delete(keyOf(env, win));
		for (const { env, win, number, spec } of change.changed) {
			const read = readSpec(
				spec,
				(blob) => this.bytesOf(blob),
				(blob, type) => this.urlOf(blob, type),
			);
			this.windows.set(keyOf(env, win), { env, win, number, spec: read });
		}
		for (const blob of change.forgotten) this.forget(blob);
		this.mark();
		return undefined;
	}

	setSilent(isSilent: boolean): void {
		if (isSilent === this.isSilent) return;
		this.isSilent = isSilent;
		this.mark();
	}

	setGone(): void {
		this.isGone = true;
		this.setSilent(true);
	}

	private mark(): void {
		if (this.frame !== 0) return;
		this.frame = requestAnimationFrame(() => {
			this.frame = 0;
			this.listeners.notify();
		});
	}

	private take({ blob, start, size }: BlobPart, buffer: DataView | undefined): void {
		if (!buffer) return;
		let known = this.blobs.get(blob);
		if (!known) {
			known = { bytes: new Uint8Array(size), received: 0 };
			this.blobs.set(blob, known);
		}
		// One that is here whole, or in part, may come again.
		if (start !== known.received) return;
		known.bytes.set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength), start);
		known.received += buffer.byteLength;
	}

	private bytesOf(number: number): Uint8Array | undefined {
		const blob = this.blobs.get(number);
		return blob && blob.received === blob.bytes.length ? blob.bytes : undefined;
	}

	private urlOf(number: number, type: string): string {
		const blob = this.blobs.get(number);
		if (!blob) return "";
		blob.url ??= URL.createObjectURL(new Blob([blob.bytes as Uint8Array<ArrayBuffer>], { type }));
		return blob.url;
	}

	private forget(number: number): void {
		const url = this.blobs.get(number)?.url;
		if (url) URL.revokeObjectURL(url);
		this.blobs.delete(number);
	}
}

export function keyOf(env: string, win: string): string {
	return JSON.stringify([env, win]);
}
