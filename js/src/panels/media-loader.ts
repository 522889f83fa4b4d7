// Asks for the items that can be seen, a few at a time; a wish that came meanwhile replaces an older.
import type { Asker } from "../connection";
import type { MediaAnswer } from "../store";

/** An item, and its buffer. */
export type MediaContent = MediaAnswer & { readonly bytes?: DataView };

/** What one card needs now. */
export interface Wish {
	readonly run_id: string;
	readonly tag: string;
	readonly step: number;
	/** Tells a step that was logged again from what it was before. */
	readonly revision: number;
	readonly after: number;
	readonly pixels: number;
}

export interface Wisher {
	/** Undefined when it has what it shows, or cannot be seen. */
	wish(): Wish | undefined;
	take(content: MediaContent, wish: Wish): void;
	fail(reason: string, wish: Wish): void;
}

const MOST_AT_ONCE = 3;
const PAUSE_MS = 400; // between two items of one card
const CACHE_BYTES = 48_000_000;

export class MediaLoader {
	private readonly askedAt = new Map<Wisher, number>();
	private readonly busy = new Set<Wisher>();
	private readonly cache = new Map<string, MediaContent>();
	private cached = 0;
	private timer: ReturnType<typeof setTimeout> | undefined;

	constructor(
		private readonly asker: Asker,
		private readonly now: () => number = () => performance.now(),
	) {}

	/** Looks after these cards from now on. */
	follow(wishers: Iterable<Wisher>): void {
		const wanted = new Set(wishers);
		for (const wisher of [...this.askedAt.keys()]) {
			if (!wanted.has(wisher)) this.askedAt.delete(wisher);
		}
		for (const wisher of wanted) {
			if (!this.askedAt.has(wisher)) this.askedAt.set(wisher, Number.NEGATIVE_INFINITY);
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
		for (const [wisher, at] of [...this.askedAt].sort(([, a], [, b]) => a - b)) {
			if (this.busy.has(wisher)) continue;
			const wish = wisher.wish();
			if (!wish) continue;
			const known = this.cache.get(keyOf(wish));
			if (known) {
				wisher.take(known, wish);
				continue;
			}
			const due = at + PAUSE_MS - this.now();
			if (due > 0) wait = Math.min(wait, due);
			else if (this.busy.size < MOST_AT_ONCE) this.ask(wisher, wish);
		}
		if (wait < Number.POSITIVE_INFINITY) this.timer = setTimeout(() => this.look(), wait);
	}

	private ask(wisher: Wisher, wish: Wish): void {
		this.busy.add(wisher);
		this.askedAt.set(wisher, this.now());
		const { revision: _, ...asked } = wish;
		this.asker
			.ask({ kind: "send_media", ...asked })
			.then((answer) => {
				const content = answer as MediaContent;
				// A course of histograms grows, and its card keeps it.
				if (content.kind !== "histograms_sent") this.keep(keyOf(wish), content);
				wisher.take(content, wish);
			})
			.catch((error: unknown) => {
				wisher.fail(error instanceof Error ? error.message : String(error), wish);
			})
			.finally(() => {
				this.busy.delete(wisher);
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

function keyOf({ run_id, tag, step, revision, pixels }: Wish): string {
	return JSON.stringify([run_id, tag, step, revision, pixels]);
}

function sizeOf(content: MediaContent): number {
	return (
		500 +
		(content.bytes?.byteLength ?? 0) +
		(content.kind === "text_sent" ? 2 * content.text.length : 0)
	);
}
