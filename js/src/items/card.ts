// One tag's item at the panel's step: its name, what was logged, and from which step it is.

import { type ItemEntry, placeAt, type Unasked } from "../session/item-index";
import { element } from "../ui/element";
import { formatCount, formatNumber } from "../ui/format";
import { panelIcon } from "../ui/panel-icons";
import type { ItemContent, ItemHolder, ItemRequest } from "./loader";
import type { ItemHost, ItemView, OtherRun } from "./view";

const HEIGHT = 214;
const MOST_ENLARGED = 560;

/** What a card is given. */
export interface CardHost
	extends Omit<ItemHost, "tag" | "run_id" | "describe" | "enlarge" | "others"> {
	overheadShare(): number;
	/** Whether the newest items come unasked. */
	isFollowed(): boolean;
	others(): readonly (OtherRun & { readonly entry: ItemEntry })[];
}

export class ItemCard<C extends ItemContent> implements ItemHolder<C> {
	readonly root: HTMLElement;
	isOnScreen = false;
	private readonly frame = element("div", "nbviz-items-frame");
	private readonly tip = element("div", "nbviz-tip", { role: "status" });
	private readonly waiting = element("p", "nbviz-empty");
	private readonly step = element("span");
	private readonly note = element("span");
	private readonly leftOut = element("p", "nbviz-items-left-out");
	private readonly enlarger: HTMLButtonElement;
	private readonly view: ItemView<C>;
	private readonly resizes: ResizeObserver;
	private shownStep = Number.POSITIVE_INFINITY;
	/** What was asked last of each run and came, or was refused. */
	private readonly settled = new Map<string, string>();
	/** Items that came unasked and were taken. */
	private readonly taken = new WeakSet<object>();
	private isEnlarged = false;
	/** CSS pixels of the frame. Asking for them after each change would have the page laid out each time. */
	private width = 0;
	/** Why there is nothing to be seen of a step at which there is something. */
	private missing = "Loading…";

	constructor(
		readonly run_id: string,
		public entry: ItemEntry,
		private readonly host: CardHost,
		makeView: (kind: string, host: ItemHost) => ItemView<C>,
		private readonly changed: () => void,
	) {
		const { tag, kind } = entry;
		this.view = makeView(kind, {
			...host,
			tag,
			run_id,
			describe: (text, x, y) => this.point(text, x, y),
			enlarge: () => this.enlarge(),
		});
		this.enlarger = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-icon-button",
			{ type: "button", "aria-pressed": "false", title: "Enlarge", "aria-label": `Enlarge ${tag}` },
			panelIcon("expand"),
		);
		this.enlarger.addEventListener("click", () => this.enlarge());
		this.tip.hidden = true;
		this.view.root.hidden = true;
		this.frame.append(this.view.root, this.waiting, this.tip);
		this.root = element(
			"article",
			"nbviz-items-card",
			{ "aria-label": tag, "data-kind": kind, "data-tag": tag },
			element(
				"header",
				"nbviz-picture-head",
				{},
				element(
					"span",
					"nbviz-picture-name",
					{ title: tag },
					element("bdi", "", {}, shortName(tag)),
				),
				this.enlarger,
			),
			this.frame,
			element("div", "nbviz-picture-foot", {}, this.step, this.note),
			this.leftOut,
		);
		this.root.style.setProperty("--media-height", `${HEIGHT}px`);
		this.resizes = new ResizeObserver(() => {
			this.width = this.frame.clientWidth;
			this.fit();
		});
		this.resizes.observe(this.frame);
	}

	remove(): void {
		this.resizes.disconnect();
		this.view.remove();
		this.root.remove();
	}

	/** Shows the item at or before a step. */
	show(step: number): void {
		this.shownStep = step;
		this.draw();
	}

	recolour(): void {
		this.view.recolour();
	}

	/** What the kernel is told to send it unasked; undefined for nothing. */
	get followed(): string | undefined {
		return this.isOnScreen && this.host.isFollowed()
			? `${this.pixels} ${this.entry.tag}`
			: undefined;
	}

	needed(): ItemRequest<C> | undefined {
		if (!this.isOnScreen) return undefined;
		for (const { run_id, entry } of [this, ...this.host.others()]) {
			const { tag, revision, steps } = entry;
			// A course is asked for up to its end, and then shown at any step.
			const held = this.view.held?.(run_id);
			const step = held === undefined ? steps[placeAt(steps, this.shownStep)] : steps.at(-1);
			if (step === undefined) continue;
			const sent = this.untaken(entry, step, held);
			const reached = sent.at(-1)?.step ?? step;
			const request: ItemRequest<C> = {
				run_id,
				tag,
				step: reached,
				revision: reached === steps.at(-1) ? revision : 0,
				after: held,
				pixels: this.pixels,
				sent: sent.length > 0 ? (sent as unknown as C[]) : undefined,
				comesUnasked: run_id === this.run_id && this.followed !== undefined,
			};
			if (keyOf(request) !== this.settled.get(run_id)) return request;
		}
		return undefined;
	}

	/** What came unasked and is the item of a step, or goes on with what is held of a course. */
	private untaken({ sent }: ItemEntry, step: number, held: number | undefined): Unasked[] {
		const isNew = (one: Unasked) => !this.taken.has(one);
		if (held === undefined) return sent.filter((one) => one.step === step && isNew(one));
		let end = held;
		return sent.filter((one) => {
			const goesOn = (one.after ?? -1) <= end && one.step >= end && isNew(one);
			if (goesOn) end = one.step;
			return goesOn;
		});
	}

	take(contents: readonly C[], request: ItemRequest<C>): void {
		for (const one of request.sent ?? []) this.taken.add(one);
		this.settled.set(request.run_id, keyOf(request));
		for (const content of contents) this.view.take(content);
		this.waiting.hidden = true;
		this.view.root.hidden = false;
		this.fit();
		this.draw();
	}

	fail(reason: string, request: ItemRequest<C>): void {
		this.settled.set(request.run_id, keyOf(request));
		if (request.run_id !== this.run_id) return;
		this.view.root.hidden = true;
		this.waiting.hidden = false;
		this.missing = this.waiting.textContent = reason;
	}

	private get pixels(): number {
		const shown = this.isEnlarged ? 2 * MOST_ENLARGED : 2 * HEIGHT;
		return Math.round(shown * Math.min(2, window.devicePixelRatio || 1));
	}

	private draw(): void {
		const { steps } = this.entry;
		const isEarly = placeAt(steps, this.shownStep) < 0;
		this.sayLeftOut();
		this.root.dataset.early = String(isEarly);
		this.waiting.textContent = isEarly ? "Not yet at this step" : this.missing;
		const shown = this.view.show(this.shownStep);
		if (isEarly) {
			this.step.textContent = `first at step ${formatCount(steps[0] ?? 0)}`;
			this.note.textContent = "";
			delete this.root.dataset.step;
			return;
		}
		if (!shown) return;
		this.root.dataset.step = String(shown.step);
		this.step.textContent = `step ${formatCount(shown.step)}`;
		this.note.textContent = shown.note;
	}

	private sayLeftOut(): void {
		const { leftOut, steps } = this.entry;
		const missing = leftOut.time + leftOut.memory;
		this.leftOut.hidden = missing === 0;
		if (missing === 0) return;
		const count = `${formatCount(missing)} of ${formatCount(missing + steps.length)} left out`;
		const isForTime = leftOut.time >= leftOut.memory;
		this.leftOut.textContent = isForTime
			? `${count} to keep within ${formatNumber(this.host.overheadShare() * 100)} % of the time`
			: `${count} to keep within the memory for media`;
		this.leftOut.title = isForTime
			? "To keep more, give the run a larger share of the time: overhead_budget=0.05"
			: "To keep more of large items, give the run more memory, in bytes: media_budget=1_000_000_000";
	}

	private enlarge(): void {
		this.isEnlarged = !this.isEnlarged;
		this.root.dataset.enlarged = String(this.isEnlarged);
		this.enlarger.setAttribute("aria-pressed", String(this.isEnlarged));
		this.fit();
		this.changed();
	}

	private fit(): void {
		this.width ||= this.frame.clientWidth;
		const width = this.width - 16;
		const height = this.isEnlarged
			? Math.min(MOST_ENLARGED, Math.max(HEIGHT, width * 0.7))
			: HEIGHT;
		this.root.style.setProperty("--media-height", `${height}px`);
		this.view.resize(width, height);
	}

	private point(text: string, x: number, y: number): void {
		this.tip.hidden = text === "";
		if (text === "") return;
		this.tip.textContent = text;
		const { offsetLeft, offsetTop } = this.view.root;
		const { offsetWidth, offsetHeight } = this.tip;
		const left = Math.max(0, x + offsetLeft - offsetWidth / 2);
		this.tip.style.left = `${Math.min(left, this.frame.clientWidth - offsetWidth)}px`;
		const below = y + offsetTop + 10;
		const isBelow = below + offsetHeight < this.frame.clientHeight + 30;
		this.tip.style.top = `${isBelow ? below : Math.max(0, below - offsetHeight - 30)}px`;
	}
}

/** The group that a tag belongs to: what stands before its first slash. */
export function groupOf(tag: string): string {
	return tag.includes("/") ? tag.slice(0, tag.indexOf("/")) : "";
}

function shortName(tag: string): string {
	return tag.slice(tag.indexOf("/") + 1) || tag;
}

function keyOf({ tag, step, revision, pixels }: ItemRequest<ItemContent>): string {
	return JSON.stringify([tag, step, revision, pixels]);
}
