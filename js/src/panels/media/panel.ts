// Images, histograms, texts and tensors of a run, each at the step that the panel's slider shows.
import { isOfModule, isWatched } from "../../charts/tag-groups";
import type { Context, Mount } from "../../session/panel";
import type { RunState } from "../../session/run";
import { runPicker, selectionOf } from "../../session/selection";
import { card } from "../../ui/card";
import { element } from "../../ui/element";
import { icon } from "../../ui/icons";
import { readTheme, type Theme } from "../../ui/theme";
import { groupOf, MediaCard } from "./card";
import { MediaGroup } from "./group";
import { MediaLoader } from "./loader";
import type { MediaEntry } from "./media-index";
import { MediaScrubber } from "./scrubber";
import { mediaState } from "./state";

/** Under this name its step and filter are remembered. */
const STATE_NAME = "media";
const FILTER_FROM = 12;
const NEARLY_ON_SCREEN = "150px";

export const mountMedia: Mount = (host, context) => {
	const panel = new MediaPanel(host, context);
	return () => panel.remove();
};

class MediaPanel {
	private readonly root: HTMLElement;
	private readonly groups = new Map<string, MediaGroup>();
	private readonly cards = new Map<string, MediaCard>();
	private readonly list = element("div", "nbviz-media-groups");
	private readonly empty = element("p", "nbviz-empty");
	private readonly filterBox = element("input", "nbviz-input nbviz-filter", {
		type: "search",
		placeholder: "Filter tags",
		"aria-label": "Filter media by tag",
		spellcheck: "false",
	});
	private readonly scrubber = new MediaScrubber(() => {
		this.remember();
		this.show();
	});
	private readonly loader: MediaLoader;
	private readonly screen: IntersectionObserver;
	private readonly updateRuns: () => void;
	private readonly cleanups: (() => void)[];
	private run: RunState | undefined;
	private theme: Theme;
	/** The module chosen in the graph, and that to which what is watched is narrowed; "" for none. */
	private chosen = "";
	private module = "";
	private readonly narrowed = element("button", "nbviz-button nbviz-button-small", {
		type: "button",
		title: "Show what is watched of all layers again",
	});

	constructor(
		host: HTMLElement,
		private readonly context: Context,
	) {
		const { root, tools, body } = card(host, context, "Media", "nbviz-media");
		this.root = root;
		this.theme = readTheme(context.root);
		this.loader = new MediaLoader(context.asker);
		const { picker, update } = runPicker(context);
		this.updateRuns = update;
		tools.append(picker, this.narrowed, this.filterBox);
		this.narrowed.addEventListener("click", () => {
			this.module = "";
			this.update();
		});
		body.append(this.scrubber.root, this.list, this.empty);
		const { filter } = context.viewState.read(STATE_NAME);
		if (typeof filter === "string") this.filterBox.value = filter;
		this.filterBox.addEventListener("input", () => {
			this.remember();
			this.update();
		});
		this.screen = new IntersectionObserver((entries) => this.see(entries), {
			rootMargin: NEARLY_ON_SCREEN,
		});
		this.cleanups = [
			selectionOf(context).subscribe(() => this.update()),
			context.onTheme(() => {
				this.theme = readTheme(context.root);
				for (const one of this.cards.values()) one.recolour();
			}),
			context.store.subscribe((topics) => {
				if (topics.has("runs") || topics.has("media")) this.update();
			}),
		];
		this.update();
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
		this.screen.disconnect();
		this.loader.stop();
		for (const one of this.cards.values()) one.remove();
		this.root.remove();
	}

	private update(): void {
		this.updateRuns();
		const { run, module } = selectionOf(this.context);
		if (module !== this.chosen) {
			this.chosen = module;
			const tags = [...this.entries(run).keys()];
			if (tags.some((tag) => isOfModule(tag, module))) this.module = module;
		}
		if (run?.run_id !== this.run?.run_id) {
			this.clear();
			this.module = "";
			this.run = run;
			this.scrubber.choose(this.keptStep());
		} else this.run = run;
		this.arrange();
		this.scrubber.update(run ? mediaState.of(run).steps : []);
		this.show();
	}

	/** The step that was shown of this run before a reload; undefined for the newest. */
	private keptStep(): number | undefined {
		const { run, step } = this.context.viewState.read(STATE_NAME);
		return run === this.run?.run_id && typeof step === "number" ? step : undefined;
	}

	private remember(): void {
		if (!this.run) return;
		const { step } = this.scrubber;
		this.context.viewState.write(STATE_NAME, {
			filter: this.filterBox.value,
			run: this.run.run_id,
			step: Number.isFinite(step) ? step : undefined,
		});
	}

	private clear(): void {
		for (const one of this.cards.values()) this.drop(one);
		this.cards.clear();
		this.groups.clear();
		this.list.replaceChildren();
	}

	private drop(one: MediaCard): void {
		this.screen.unobserve(one.root);
		one.remove();
	}

	/** Makes and removes groups and cards until they are those of the run. */
	private arrange(): void {
		const entries = this.entries(this.run);
		const filter = this.filterBox.value.trim().toLowerCase();
		const { module } = this;
		this.narrowed.hidden = module === "";
		this.narrowed.replaceChildren(module, icon("close"));
		this.filterBox.hidden = entries.size <= FILTER_FROM && filter === "";
		const tags = new Map<string, string[]>();
		for (const tag of entries.keys()) {
			if (!tag.toLowerCase().includes(filter)) continue;
			if (module && isWatched(tag) && !isOfModule(tag, module)) continue;
			const name = groupOf(tag);
			tags.set(name, [...(tags.get(name) ?? []), tag]);
		}
		const wanted = new Set<string>();
		for (const [name, of] of [...tags].sort(([a], [b]) => rank(a) - rank(b))) {
			const group = this.groups.get(name) ?? new MediaGroup(name, () => this.update());
			this.groups.set(name, group);
			const visible = group.visible(of);
			for (const tag of visible) wanted.add(tag);
			group.arrange(visible.map((tag) => this.card(tag)));
			this.list.append(group.root);
		}
		for (const [name, group] of this.groups) group.root.hidden = !tags.has(name);
		for (const [tag, one] of this.cards) {
			if (wanted.has(tag)) continue;
			this.drop(one);
			this.cards.delete(tag);
		}
		this.empty.hidden = tags.size > 0;
		this.empty.textContent =
			entries.size > 0 ? `No tag contains “${filter}”.` : "This run has no media.";
		this.scrubber.root.hidden = entries.size === 0;
		this.loader.follow(this.cards.values());
	}

	private card(tag: string): MediaCard {
		const entry = this.entries(this.run).get(tag);
		const known = this.cards.get(tag);
		if (known && entry) known.entry = entry; // a snapshot makes the store's entries anew
		if (known || !entry) return known as MediaCard;
		const host = {
			theme: () => this.theme,
			choose: (step: number) => this.scrubber.choose(step),
			overheadShare: () => (this.run ? mediaState.of(this.run).overheadShare : 1),
		};
		const made = new MediaCard(this.run?.run_id ?? "", entry, host, () => this.loader.look());
		this.cards.set(tag, made);
		this.screen.observe(made.root);
		return made;
	}

	private entries(run: RunState | undefined): ReadonlyMap<string, MediaEntry> {
		return run ? mediaState.of(run).entries : new Map();
	}

	private show(): void {
		for (const one of this.cards.values()) one.show(this.scrubber.step);
		this.loader.look();
	}

	private see(entries: readonly IntersectionObserverEntry[]): void {
		for (const { target, isIntersecting } of entries) {
			const tag = (target as HTMLElement).dataset.tag ?? "";
			const one = this.cards.get(tag);
			if (one) one.isOnScreen = isIntersecting;
		}
		this.loader.look();
	}
}

/** What has no group stands first, then what was logged by hand, and what a watch takes last. */
function rank(group: string): number {
	return group === "" ? 0 : isWatched(`${group}/`) ? 2 : 1;
}
