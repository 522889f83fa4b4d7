// Asks for the items that can be seen, a few at a time; of what a card needs only the newest counts.
import type { Answered, Asker } from "../../session/asker";

/** An item, and its buffer. */
export type MediaContent = Answered<"send_media">;

/** What one card needs now. */
export interface ItemRequest {
	readonly run_id: string;
	readonly tag: string;
	readonly step: number;
	/** Tells a step that was logged again from what it was before. */
	readonly revision: number;
	readonly after: number;
	readonly pixels: number;
}

export interface ItemHolder {
	/** Undefined when it has what it shows, or cannot be seen. */
	needed(): ItemRequest | undefined;
	take(content: MediaContent, request: ItemRequest): void;
	fail(reason: string, request: ItemRequest): void;
}

const MOST_AT_ONCE = 3;
const PAUSE_MS = 400; // between two items of one card
const CACHE_BYTES = 48_000_000;

export class MediaLoader {
	private readonly askedAt = new Map<ItemHolder, number>();
	private readonly busy = new Set<ItemHolder>();
	private readonly cache = new Map<string, MediaContent>();
	private cached = 0;
	private timer: ReturnType<typeof setTimeout> | undefined;

	constructor(
		private readonly asker: Asker,
		private readonly now: () => number = () => performance.now(),
	) {}

	/** Looks after these cards from now on. */
	follow(holders: Iterable<ItemHolder>): void {
		const wanted = new Set(holders);
		for (const holder of [...this.askedAt.keys()]) {
			if (!wanted.has(holder)) this.askedAt.delete(holder);
		}
		for (const holder of wanted) {
			if (!this.askedAt.has(holder)) this.askedAt.set(holder, Number.NEGATIVE_INFINITY);
		}
		this.look();
	}

	stop(): void {
		clearTimeout(this.timer);
		this.askedAt.clear();
	}

	/** Asks for what is due: first for those that have waited longest. */
	look(): void {
		clearTimeout(this.timer);
		let wait = Number.POSITIVE_INFINITY;
		for (const [holder, at] of [...this.askedAt].sort(([, a], [, b]) => a - b)) {
			if (this.busy.has(holder)) continue;
			const request = holder.needed();
			if (!request) continue;
			const known = this.cache.get(keyOf(request));
			if (known) {
				holder.take(known, request);
				continue;
			}
			const due = at + PAUSE_MS - this.now();
			if (due > 0) wait = Math.min(wait, due);
			else if (this.busy.size < MOST_AT_ONCE) this.ask(holder, request);
		}
		if (wait < Number.POSITIVE_INFINITY) this.timer = setTimeout(() => this.look(), wait);
	}

	private ask(holder: ItemHolder, request: ItemRequest): void {
		this.busy.add(holder);
		this.askedAt.set(holder, this.now());
		const { revision: _, ...asked } = request;
		this.asker
			.ask({ kind: "send_media", ...asked })
			.then((answer) => {
				// A course of histograms grows, and its card keeps it.
				if (answer.kind !== "histograms_sent") this.keep(keyOf(request), answer);
				holder.take(answer, request);
			})
			.catch((error: unknown) => {
				holder.fail(error instanceof Error ? error.message : String(error), request);
			})
			.finally(() => {
				this.busy.delete(holder);
				this.look();
			});
	}

	private keep(key: string, content: MediaContent): void {
		this.cache.set(key, content);
		this.cached += sizeOf(content);
		for (const [oldest, item] of this.cache) {
			if (this.cached <= CACHE_BYTES || oldest === key) break;
			this.cache.delete(oldest);
			this.cached -= sizeOf(item);
		}
	}
}

function keyOf({ run_id, tag, step, revision, pixels }: ItemRequest): string {
	return JSON.stringify([run_id, tag, step, revision, pixels]);
}

function sizeOf(content: MediaContent): number {
	const size = content.kind === "text_sent" ? 2 * content.text.length : content.bytes.byteLength;
	return 500 + size;
}
