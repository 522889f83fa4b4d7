// Gives cards the items that can be seen: what came unasked at once, the rest by asking, a few at a time. Of what
// a card needs only the newest counts: what was logged while an answer was on its way is passed over. A card
// rests as long as its last answer took, so that neither a slow page nor a slow kernel is kept busy by one.

/** What is known of any item that came. */
export interface ItemContent {
	readonly kind: string;
}

/** What one card needs now. */
export interface ItemRequest<C extends ItemContent = ItemContent> {
	readonly run_id: string;
	readonly tag: string;
	readonly step: number;
	/** Tells a step that was logged again from what it was before. */
	readonly revision: number;
	/** Of a course, the newest step that the card has; -1 for none. Undefined of single items. */
	readonly after: number | undefined;
	readonly pixels: number;
	/** The item itself, or the next parts of a course, where they came unasked. */
	readonly sent?: readonly C[] | undefined;
	/** It may come unasked: it is asked for only when none has come for a while. */
	readonly comesUnasked?: boolean;
}

export interface ItemHolder<C extends ItemContent> {
	/** Undefined when it has what it shows, or cannot be seen. */
	needed(): ItemRequest<C> | undefined;
	/** Takes an item, or parts of a course in their order. */
	take(contents: readonly C[], request: ItemRequest<C>): void;
	fail(reason: string, request: ItemRequest<C>): void;
}

const MOST_AT_ONCE = 3;
const PAUSE_MS = 120; // between two items of one card
/** Of all cards together: each request costs the kernel several messages beside the training. */
const MOST_A_SECOND = 25;
const UNASKED_MS = 400;
const CACHE_BYTES = 48_000_000;

/** When a card's newest item was asked for or came, and from when on it may ask for the next; milliseconds. */
interface Asked {
	at: number;
	restsUntil: number;
}

export class ItemLoader<C extends ItemContent> {
	private readonly asked = new Map<ItemHolder<C>, Asked>();
	private readonly busy = new Set<ItemHolder<C>>();
	private readonly cache = new Map<string, C>();
	private cached = 0;
	private timer: ReturnType<typeof setTimeout> | undefined;

	constructor(
		private readonly load: (request: ItemRequest<C>) => Promise<C>,
		private readonly now: () => number = () => performance.now(),
	) {}

	/** Looks after these cards from now on. */
	follow(holders: Iterable<ItemHolder<C>>): void {
		const wanted = new Set(holders);
		for (const holder of [...this.asked.keys()]) {
			if (!wanted.has(holder)) this.asked.delete(holder);
		}
		const never = { at: Number.NEGATIVE_INFINITY, restsUntil: Number.NEGATIVE_INFINITY };
		for (const holder of wanted) {
			if (!this.asked.has(holder)) this.asked.set(holder, { ...never });
		}
		this.look();
	}

	stop(): void {
		clearTimeout(this.timer);
		this.asked.clear();
	}

	/** Asks for what is due: first for those that have waited longest. */
	look(): void {
		clearTimeout(this.timer);
		let wait = Number.POSITIVE_INFINITY;
		const now = this.now();
		const recent = [...this.asked.values()].filter(({ at }) => at > now - 1000).length;
		const pause = Math.max(PAUSE_MS, (recent * 1000) / MOST_A_SECOND);
		for (const [holder, { at, restsUntil }] of [...this.asked].sort(
			([, a], [, b]) => a.at - b.at,
		)) {
			if (this.busy.has(holder)) continue;
			let request = holder.needed();
			if (request?.sent) {
				const asked = this.asked.get(holder);
				if (asked) asked.at = now;
				for (const one of request.sent) this.keepItem(request, one);
				holder.take(request.sent, request);
				request = holder.needed(); // of a course some may be missing still
			}
			if (!request) continue;
			const known = this.cache.get(keyOf(request));
			if (known) {
				holder.take([known], request);
				continue;
			}
			const due = Math.max(at + (request.comesUnasked ? UNASKED_MS : pause), restsUntil) - now;
			if (due > 0) wait = Math.min(wait, due);
			else if (this.busy.size < MOST_AT_ONCE) this.ask(holder, request);
		}
		if (wait < Number.POSITIVE_INFINITY)
			this.timer = setTimeout(() => this.look(), Math.ceil(wait));
	}

	private ask(holder: ItemHolder<C>, request: ItemRequest<C>): void {
		const at = this.now();
		this.busy.add(holder);
		const asked = this.asked.get(holder);
		if (asked) asked.at = at;
		this.load(request)
			.then((answer) => {
				this.keepItem(request, answer);
				holder.take([answer], request);
			})
			.catch((error: unknown) => {
				holder.fail(error instanceof Error ? error.message : String(error), request);
			})
			.finally(() => {
				this.busy.delete(holder);
				const now = this.now();
				if (asked) asked.restsUntil = 2 * now - at;
				this.look();
			});
	}

	private keepItem(request: ItemRequest<C>, content: C): void {
		if (request.after !== undefined) return; // a course grows, and its card keeps it
		const key = keyOf(request);
		const known = this.cache.get(key);
		if (known) this.cached -= sizeOf(known);
		this.cache.set(key, content);
		this.cached += sizeOf(content);
		for (const [oldest, item] of this.cache) {
			if (this.cached <= CACHE_BYTES || oldest === key) break;
			this.cache.delete(oldest);
			this.cached -= sizeOf(item);
		}
	}
}

function keyOf({ run_id, tag, step, revision, pixels }: ItemRequest<ItemContent>): string {
	return JSON.stringify([run_id, tag, step, revision, pixels]);
}

/** Bytes that a content takes, about. Numbers in a buffer are not looked at: there may be millions. */
export function sizeOf(content: unknown): number {
	if (typeof content === "string") return 2 * content.length;
	if (typeof content !== "object" || content === null) return 8;
	if (ArrayBuffer.isView(content)) return content.byteLength;
	const parts: unknown[] = Array.isArray(content) ? content : Object.values(content);
	return parts.reduce((size: number, part) => size + sizeOf(part), 40);
}
