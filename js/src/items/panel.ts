// A panel of what was logged by tag and step, in a card each, at the step that the view shows.
import { isOfModule, isWatched } from "../charts/tag-groups";
import type { Asker } from "../session/asker";
import type { ItemEntry, ItemIndex } from "../session/item-index";
import type { Context, Mount } from "../session/panel";
import type { PanelState } from "../session/panel-data";
import { comparedRuns, isActive, type RunState } from "../session/run";
import { runPicker, selectionOf } from "../session/selection";
import { shownRunsOf } from "../session/shown-runs";
import { type ShownStep, shownStepOf } from "../session/shown-step";
import { card } from "../ui/card";
import { keepChildren, showChildren } from "../ui/children";
import { element } from "../ui/element";
import { icon } from "../ui/icons";
import { readTheme, type Theme } from "../ui/theme";
import { groupOf, ItemCard } from "./card";
import { ItemGroup } from "./group";
import { type ItemContent, ItemLoader, type ItemRequest } from "./loader";
import type { ItemHost, ItemView } from "./view";

const FILTER_FROM = 12;
const NEARLY_ON_SCREEN = "150px";
const MOST_FOLLOWED = 64; // of one view, as the kernel has it

/** What tells one panel of items from another. */
export interface ItemsOptions<C extends ItemContent> {
	/** The panel's; its filter is remembered under it. */
	readonly name: string;
	readonly title: string;
	/** What its items are, in the plural and in lower case. */
	readonly noun: string;
	readonly state: PanelState<ItemIndex>;
	/** Called when runs or items come. */
	update?(): void;
	/** Whether the other shown runs are drawn over each card's own. */
	isOverlaid?(): boolean;
	/** Whether the newest items of what is seen come unasked. */
	readonly follows?: boolean;
	/** Its own controls, beside the title. */
	readonly tools?: readonly HTMLElement[];
	ask(asker: Asker, request: ItemRequest): Promise<C>;
	view(kind: string, host: ItemHost): ItemView<C>;
}

/** What the controls of a panel use. */
export interface ItemsControls {
	readonly context: Context;
	/** Has all cards draw anew. */
	changed(): void;
}

/** Returns what mounts such a panel; `make` is called for each, where it has controls of its own. */
export function mountItems<C extends ItemContent>(
	make: ItemsOptions<C> | ((controls: ItemsControls) => ItemsOptions<C>),
): Mount {
	return (host, context) => {
		let panel: ItemsPanel<C> | undefined;
		const controls = { context, changed: () => panel?.redraw() };
		const options = typeof make === "function" ? make(controls) : make;
		const made = new ItemsPanel(host, context, options);
		panel = made;
		return () => made.remove();
	};
}

class ItemsPanel<C extends ItemContent> {
	private readonly root: HTMLElement;
	private readonly groups = new Map<string, ItemGroup>();
	private readonly cards = new Map<string, ItemCard<C>>();
	private readonly list = element("div", "nbviz-items-groups");
	private readonly empty = element("p", "nbviz-empty");
	private readonly filterBox = element("input", "nbviz-input nbviz-filter", {
		type: "search",
		placeholder: "Filter tags",
		"aria-label": "Filter by tag",
		spellcheck: "false",
	});
	private readonly shownStep: ShownStep;
	private readonly loader: ItemLoader<C>;
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
		private readonly options: ItemsOptions<C>,
	) {
		const { name, title } = options;
		const { root, tools, body } = card(host, context, title, `nbviz-${name}`);
		root.classList.add("nbviz-items");
		this.root = root;
		this.shownStep = shownStepOf(context);
		this.theme = readTheme(context.root);
		this.loader = new ItemLoader((request) => options.ask(context.asker, request));
		const { picker, update } = runPicker(context);
		this.updateRuns = update;
		tools.append(picker, this.narrowed, this.filterBox, ...(options.tools ?? []));
		this.narrowed.addEventListener("click", () => {
			this.module = "";
			this.update();
		});
		body.append(this.list, this.empty);
		const { filter } = context.viewState.read(name);
		if (typeof filter === "string") this.filterBox.value = filter;
		this.filterBox.addEventListener("input", () => {
			context.viewState.write(name, { filter: this.filterBox.value });
			this.update();
		});
		this.screen = new IntersectionObserver((entries) => this.see(entries), {
			rootMargin: NEARLY_ON_SCREEN,
		});
		this.cleanups = [
			selectionOf(context).subscribe(() => this.update()),
			shownRunsOf(context).subscribe(() => this.redraw()),
			this.shownStep.subscribe(() => this.show()),
			context.onTheme(() => {
				this.theme = readTheme(context.root);
				this.redraw();
			}),
			context.store.subscribe((topics) => {
				if (topics.has("runs") || topics.has(name)) this.update();
				else if (topics.has("progress")) this.follow();
			}),
		];
		this.update();
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
		this.screen.disconnect();
		this.loader.stop();
		if (this.options.follows) this.context.wanted.set(this.options.name, "newest", []);
		for (const one of this.cards.values()) one.remove();
		this.root.remove();
	}

	/** Draws all cards anew: in another theme, or as the panel's controls say. */
	redraw(): void {
		for (const one of this.cards.values()) one.recolour();
		this.show();
	}

	private update(): void {
		this.updateRuns();
		this.options.update?.();
		const { run, module } = selectionOf(this.context);
		if (module !== this.chosen) {
			this.chosen = module;
			const tags = [...this.entries(run).keys()];
			if (tags.some((tag) => isOfModule(tag, module))) this.module = module;
		}
		if (run?.run_id !== this.run?.run_id) {
			this.clear();
			this.module = "";
		}
		this.run = run;
		this.arrange();
		this.show();
	}

	private clear(): void {
		for (const one of this.cards.values()) this.drop(one);
		this.cards.clear();
		this.groups.clear();
		this.list.replaceChildren();
	}

	private drop(one: ItemCard<C>): void {
		this.screen.unobserve(one.root);
		one.remove();
	}

	/** Makes and removes groups and cards until they are those of the run. */
	private arrange(): void {
		const entries = this.entries(this.run);
		const filter = this.filterBox.value.trim().toLowerCase();
		const { module } = this;
		this.narrowed.hidden = module === "";
		showChildren(this.narrowed, [document.createTextNode(module), icon("close")]);
		this.filterBox.hidden = entries.size <= FILTER_FROM && filter === "";
		const tags = new Map<string, string[]>();
		for (const tag of entries.keys()) {
			if (!tag.toLowerCase().includes(filter)) continue;
			if (module && isWatched(tag) && !isOfModule(tag, module)) continue;
			const name = groupOf(tag);
			tags.set(name, [...(tags.get(name) ?? []), tag]);
		}
		const wanted = new Set<string>();
		const listed: HTMLElement[] = [];
		for (const [name, of] of [...tags].sort(([a], [b]) => rank(a) - rank(b))) {
			const group = this.groups.get(name) ?? new ItemGroup(name, () => this.update());
			this.groups.set(name, group);
			const visible = group.visible(of);
			for (const tag of visible) wanted.add(tag);
			group.arrange(visible.map((tag) => this.card(tag)));
			listed.push(group.root);
		}
		for (const [name, group] of this.groups) {
			group.root.hidden = !tags.has(name);
			if (group.root.hidden) listed.push(group.root);
		}
		keepChildren(this.list, listed);
		for (const [tag, one] of this.cards) {
			if (wanted.has(tag)) continue;
			this.drop(one);
			this.cards.delete(tag);
		}
		this.empty.hidden = tags.size > 0;
		this.empty.textContent = entries.size > 0 ? `No tag contains “${filter}”.` : this.nothing();
		this.loader.follow(this.cards.values());
	}

	/** What stands in the place of cards, and which other run has some. */
	private nothing(): string {
		const { noun } = this.options;
		const other = comparedRuns(this.context.store).find((run) => this.entries(run).size > 0);
		return other ? `This run has no ${noun}; ${other.name} has.` : `This run has no ${noun}.`;
	}

	private card(tag: string): ItemCard<C> {
		const entry = this.entries(this.run).get(tag);
		const known = this.cards.get(tag);
		if (known && entry) known.entry = entry; // a snapshot makes the store's entries anew
		if (known || !entry) return known as ItemCard<C>;
		const host = {
			theme: () => this.theme,
			choose: (step: number) => this.shownStep.choose(step),
			name: () => this.run?.name ?? "",
			style: () => this.run?.style ?? 0,
			others: () => this.others(tag),
			isFollowed: () => this.isFollowing,
			overheadShare: () => (this.run ? this.options.state.of(this.run).overheadShare : 1),
		};
		const made = new ItemCard<C>(this.run?.run_id ?? "", entry, host, this.options.view, () =>
			this.loader.look(),
		);
		this.cards.set(tag, made);
		this.screen.observe(made.root);
		return made;
	}

	/** The other shown runs with a tag. */
	private others(tag: string) {
		if (!this.options.isOverlaid?.()) return [];
		const shown = shownRunsOf(this.context);
		return [...this.context.store.runs.values()].flatMap((run) => {
			const entry = this.entries(run).get(tag);
			const isOther = run.run_id !== this.run?.run_id && shown.isShown(run);
			return entry && isOther
				? [{ run_id: run.run_id, name: run.name, style: run.style, entry }]
				: [];
		});
	}

	private entries(run: RunState | undefined): ReadonlyMap<string, ItemEntry> {
		return run ? this.options.state.of(run).entries : new Map();
	}

	private show(): void {
		for (const one of this.cards.values()) one.show(this.shownStep.step);
		this.follow();
		this.loader.look();
	}

	/** Whether the newest items are shown, of a run to which more come. */
	private get isFollowing(): boolean {
		const { run, shownStep, options } = this;
		return (
			!!options.follows && shownStep.step === Number.POSITIVE_INFINITY && !!run && isActive(run)
		);
	}

	/** Has the kernel send what is logged for the cards that are seen. */
	private follow(): void {
		const { run, options } = this;
		if (!options.follows) return;
		const keys = [...this.cards.values()].flatMap(({ followed }) => followed ?? []);
		const wants = run ? [{ run, keys: keys.slice(0, MOST_FOLLOWED), onlyVisible: true }] : [];
		this.context.wanted.set(options.name, "newest", wants);
	}

	private see(entries: readonly IntersectionObserverEntry[]): void {
		for (const { target, isIntersecting } of entries) {
			const tag = (target as HTMLElement).dataset.tag ?? "";
			const one = this.cards.get(tag);
			if (one) one.isOnScreen = isIntersecting;
		}
		this.follow();
		this.loader.look();
	}
}

/** What has no group stands first, then what was logged by hand, and what a watch takes last. */
function rank(group: string): number {
	return group === "" ? 0 : isWatched(`${group}/`) ? 2 : 1;
}
