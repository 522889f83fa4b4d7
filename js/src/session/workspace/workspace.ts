// Where the panels of a view stand: the toolbar above all, the curves, and all else in the tabs of an
// inspector; or below one another. What is in a tab that is not open is not seen, and so costs nothing.
import { element } from "../../ui/element";
import type { ViewState } from "../../ui/view-state";
import type { Arrangement, Panel } from "../panel";
import type { Store } from "../store";
import { isExpected } from "./presence";
import { room } from "./room";
import { type Tab, Tabs } from "./tabs";

/** Under this name its choices are remembered. */
const STATE_NAME = "workspace";
const TOP = "toolbar";
const MAIN = "curves";

interface Place {
	readonly panel: Panel;
	/** The panel is drawn into it. */
	readonly slot: HTMLElement;
	/** Around the slot; scrolls. */
	readonly frame: HTMLElement;
}

export class Workspace {
	private readonly places: readonly Place[];
	private readonly tabs = new Tabs((name) => this.choose(name));
	private readonly inspector = element("div", "nbviz-inspector");
	private readonly work = element("div", "nbviz-work");
	private readonly cleanups: (() => void)[] = [];
	private open: string | undefined;

	constructor(
		root: HTMLElement,
		panels: readonly Panel[],
		private readonly arrangement: Arrangement,
		private readonly isChosen: boolean,
		private readonly store: Store,
		private readonly viewState: ViewState,
	) {
		root.dataset.arrangement = arrangement;
		const shown = arrangement === "compact" ? panels.filter(isOfCompact) : panels;
		this.places = shown.map((panel) => {
			const slot = element("section", `nbviz-slot nbviz-slot-${panel.name}`);
			const frame = element("div", "nbviz-frame", { "data-panel": panel.name }, slot);
			if (panel.name !== TOP) this.cleanups.push(room(frame, slot));
			return { panel, slot, frame };
		});
		if (arrangement === "stack") root.append(...this.places.map(({ frame }) => frame));
		else this.build(root);
		const { tab } = viewState.read(STATE_NAME);
		if (typeof tab === "string") this.open = tab;
		this.cleanups.push(store.subscribe(() => this.update()));
		this.update();
	}

	/** The panels with the elements to draw them into. */
	get slots(): readonly (readonly [Panel, HTMLElement])[] {
		return this.places.map(({ panel, slot }) => [panel, slot]);
	}

	/** Brings a panel into sight; of a bar, the view that it leads to. */
	show(name: string): void {
		if (this.arrangement === "bar") {
			const of = this.work.closest<HTMLElement>("[data-leads-to]")?.dataset.leadsTo ?? "";
			const view = document.querySelector(`[data-nbviz-view="${CSS.escape(of)}"]`);
			view?.scrollIntoView({ behavior: "smooth", block: "start" });
			return;
		}
		if (this.tabbed.some(({ panel }) => panel.name === name)) this.choose(name);
		const place = this.places.find(({ panel }) => panel.name === name);
		place?.frame.scrollIntoView({ behavior: "smooth", block: "nearest" });
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
	}

	private build(root: HTMLElement): void {
		const frames = new Map(this.places.map(({ panel, frame }) => [panel.name, frame]));
		const [top, main] = [frames.get(TOP), frames.get(MAIN)];
		if (top) root.append(top);
		main?.classList.add("nbviz-main");
		if (main) this.work.append(main);
		const head = element("div", "nbviz-inspector-head", {}, this.tabs.root);
		this.inspector.append(head, ...this.tabbed.map(({ frame }) => frame));
		this.work.append(this.inspector);
		root.append(this.work);
	}

	/** What stands in tabs. */
	private get tabbed(): readonly Place[] {
		if (this.arrangement !== "screen") return [];
		return this.places.filter(({ panel }) => panel.name !== TOP && panel.name !== MAIN);
	}

	private choose(name: string): void {
		this.open = name;
		this.viewState.write(STATE_NAME, { ...this.viewState.read(STATE_NAME), tab: name });
		this.update();
	}

	/** Shows the tabs that there are. One that appears leaves the open one as it is. */
	private update(): void {
		if (this.arrangement === "stack") return;
		const there = this.tabbed.filter(({ panel }) => this.isChosen || isExpected(panel, this.store));
		const isThere = there.some(({ panel }) => panel.name === this.open);
		const open = isThere ? this.open : there[0]?.panel.name;
		// Before the first snapshot it is not known what there is.
		if (this.store.runs.size > 0) this.open ??= open;
		this.tabs.update(there.map(asTab), open);
		this.inspector.hidden = there.length === 0;
		this.work.dataset.split = String(there.length > 0 && this.work.children.length > 1);
		for (const { panel, frame } of this.tabbed) frame.hidden = panel.name !== open;
	}
}

function isOfCompact({ name }: Panel): boolean {
	return name === TOP || name === MAIN;
}

function asTab({ panel, frame }: Place): Tab {
	return { name: panel.name, title: panel.asset?.title ?? panel.name, panel: frame };
}
