// Asks for the items that can be seen, a few at a time; of what a card needs only the newest counts.

/** What is known of any item that came. */
export interface ItemContent {
	readonly kind: string;
	readonly bytes?: DataView;
}

/** What one card needs now. */
export interface ItemRequest {
	readonly run_id: string;
	readonly tag: string;
	readonly step: number;
	/** Tells a step that was logged again from what it was before. */
	readonly revision: number;
	/** Of a course, the newest step that the card has; -1 for none. Undefined of single items. */
	readonly after: number | undefined;
	readonly pixels: number;
}

export interface ItemHolder<C extends ItemContent> {
	/** Undefined when it has what it shows, or cannot be seen. */
	needed(): ItemRequest | undefined;
	take(content: C, request: ItemRequest): void;
	fail(reason: string, request: ItemRequest): void;
}

const MOST_AT_ONCE = 3;
const PAUSE_MS = 400; // between two items of one card
const CACHE_BYTES = 48_000_000;

export class ItemLoader<C extends ItemContent> {
	private readonly askedAt = new Map<ItemHolder<C>, number>();
	private readonly busy = new Set<ItemHolder<C>>();
	private readonly cache = new Map<string, C>();
	private cached = 0;
	private timer: ReturnType<typeof setTimeout> | undefined;

	constructor(
		private readonly load: (request: ItemRequest) => Promise<C>,
		private readonly now: () => number = () => performance.now(),
	) {}

	/** Looks after these cards from now on. */
	follow(holders: Iterable<ItemHolder<C>>): void {
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

	private ask(holder: ItemHolder<C>, request: ItemRequest): void {
		this.busy.add(holder);
		this.askedAt.set(holder, this.now());
		this.load(request)
			.then((answer) => {
				// A course grows, and its card keeps it.
				if (request.after === undefined) this.keep(keyOf(request), answer);
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

	private keep(key: string, content: C): void {
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

function sizeOf(content: ItemContent): number {
	return 500 + (content.bytes?.byteLength ?? 2 * JSON.stringify(content).length);
}
