// Where the panels of a view stand: the toolbar above all, the curves, and all else in the tabs of an
// inspector, from which a reader may take a panel to stand by itself; or all below one another. What is
// in a tab that is not open is not seen, and so costs nothing.
import { element } from "../../ui/element";
import { icon } from "../../ui/icons";
import { type MenuItem, menu } from "../../ui/menu";
import type { ViewState } from "../../ui/view-state";
import type { Arrangement, Panel } from "../panel";
import type { Store } from "../store";
import { moved, readChoices, type WorkspaceChoices, writeChoices } from "./choices";
import { addPinTools } from "./pin";
import { isExpected } from "./presence";
import { room } from "./room";
import { separator } from "./separator";
import { Tabs } from "./tabs";

const TOP = "toolbar";
const MAIN = "curves";
const LEAST_HEIGHT = 320;
const MOST_HEIGHT = 1200;
const LEAST_PIN = 120;
const LEAST_SPLIT = 30;
const MOST_SPLIT = 78;

interface Place {
	readonly panel: Panel;
	readonly name: string;
	readonly title: string;
	/** The panel is drawn into it. */
	readonly slot: HTMLElement;
	/** Around the slot; scrolls. */
	readonly frame: HTMLElement;
	/** Around the frame where the panel is pinned. */
	readonly pin: HTMLElement;
	unpin: (() => void) | undefined;
}

export class Workspace {
	private readonly places: readonly Place[];
	private readonly tabs = new Tabs({
		choose: (name) => this.choose(name),
		move: (name, by) => this.moveTab(name, by),
	});
	private readonly inspector = element("div", "nbviz-inspector");
	private readonly work = element("div", "nbviz-work");
	private readonly pins = element("div", "nbviz-pins");
	/** The place of what belongs to all panels; undefined in a view of one chart or one line. */
	readonly footer: HTMLElement | undefined;
	private readonly cleanups: (() => void)[] = [];
	private choices: WorkspaceChoices;
	private open: string | undefined;

	constructor(
		private readonly root: HTMLElement,
		panels: readonly Panel[],
		private readonly arrangement: Arrangement,
		private readonly isChosen: boolean,
		private readonly store: Store,
		private readonly viewState: ViewState,
	) {
		root.dataset.arrangement = arrangement;
		this.choices = readChoices(viewState);
		this.open = this.choices.tab;
		const shown = arrangement === "compact" ? panels.filter(isOfCompact) : panels;
		this.places = shown.map((panel) => {
			const { name, asset } = panel;
			const slot = element("section", `nbviz-slot nbviz-slot-${name}`);
			const frame = element("div", "nbviz-frame", { "data-panel": name }, slot);
			if (name !== TOP) this.cleanups.push(room(frame, slot));
			const pin = element("div", "nbviz-pin", { "data-pin": name });
			return { panel, name, title: asset?.title ?? name, slot, frame, pin, unpin: undefined };
		});
		if (arrangement === "stack") root.append(...this.places.map(({ frame }) => frame));
		else this.build();
		const hasFooter = arrangement === "screen" || arrangement === "stack";
		this.footer = hasFooter ? element("section", "nbviz-footer") : undefined;
		if (this.footer) root.append(this.footer);
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
			const of = this.root.closest<HTMLElement>("[data-leads-to]")?.dataset.leadsTo ?? "";
			const view = document.querySelector(`[data-nbviz-view="${CSS.escape(of)}"]`);
			view?.scrollIntoView({ behavior: "smooth", block: "start" });
			return;
		}
		if (this.tabbed.some((place) => place.name === name)) this.choose(name);
		const place = this.places.find((one) => one.name === name);
		place?.frame.scrollIntoView({ behavior: "smooth", block: "nearest" });
	}

	remove(): void {
		for (const { unpin } of this.places) unpin?.();
		for (const cleanup of this.cleanups) cleanup();
	}

	// ---------------------------------------------------------------- building

	private build(): void {
		const frames = new Map(this.places.map(({ name, frame }) => [name, frame]));
		const [top, main] = [frames.get(TOP), frames.get(MAIN)];
		if (top) this.root.append(top);
		main?.classList.add("nbviz-main");
		if (main) this.work.append(main, this.splitEdge());
		this.inspector.append(
			element(
				"div",
				"nbviz-inspector-head",
				{},
				this.tabs.root,
				element("span", "nbviz-inspector-state"), // the toolbar's, where that scrolls away
				this.menu(),
			),
		);
		this.work.append(this.inspector);
		this.root.append(this.work);
		if (this.arrangement === "screen") this.root.append(this.heightEdge(), this.pins);
	}

	private splitEdge(): HTMLElement {
		return separator("vertical", "Width of the curves", {
			read: () => {
				const { width = 0 } = this.work.querySelector(".nbviz-main")?.getBoundingClientRect() ?? {};
				return (100 * width) / Math.max(1, this.work.clientWidth);
			},
			perPixel: () => 100 / Math.max(1, this.work.clientWidth),
			write: (split) => this.change({ split: between(split, LEAST_SPLIT, MOST_SPLIT) }),
		});
	}

	private heightEdge(): HTMLElement {
		return separator("horizontal", "Height of curves and tabs", {
			read: () => this.work.clientHeight,
			perPixel: () => 1,
			write: (height) => this.change({ height: between(height, LEAST_HEIGHT, MOST_HEIGHT) }),
		});
	}

	private menu(): HTMLElement {
		const label = "Arrange the panels";
		const button = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-icon-button",
			{ type: "button", title: label, "aria-label": label },
			icon("more"),
		);
		const { root, close } = menu(button, () => this.menuItems());
		this.cleanups.push(close);
		return root;
	}

	private menuItems(): MenuItem[] {
		const open = this.there.find(({ name }) => name === this.shownTab);
		const { height, split } = this.choices;
		const high = height ?? this.work.clientHeight;
		const items: MenuItem[] = open
			? [
					{ label: `Pin ${open.title} below`, run: () => this.pin(open.name) },
					{ label: "Move the tab left", run: () => this.moveTab(open.name, -1) },
					{ label: "Move the tab right", run: () => this.moveTab(open.name, 1) },
				]
			: [];
		const resize = (by: number) =>
			this.change({ height: between(high + by, LEAST_HEIGHT, MOST_HEIGHT) });
		const widen = (by: number) =>
			this.change({ split: between((split ?? 62) + by, LEAST_SPLIT, MOST_SPLIT) });
		items.push(
			{ label: "Higher", run: () => resize(80) },
			{ label: "Lower", run: () => resize(-80) },
			{ label: "Wider curves", run: () => widen(8) },
			{ label: "Wider tabs", run: () => widen(-8) },
			{
				label: "As at first",
				run: () => {
					const { tab } = this.choices;
					this.choices = { ...(tab ? { tab } : {}), pinned: [], order: [], heights: {} };
					this.change({});
				},
			},
		);
		return items;
	}

	// ---------------------------------------------------------------- choosing

	private change(choices: Partial<WorkspaceChoices>): void {
		this.choices = { ...this.choices, ...choices };
		writeChoices(this.viewState, this.choices);
		this.update();
	}

	private choose(name: string): void {
		this.open = name;
		this.change({ tab: name });
	}

	private moveTab(name: string, by: number): void {
		const names = this.tabbed.map((place) => place.name);
		const there = this.there.map((place) => place.name);
		const to = there[there.indexOf(name) + by];
		if (to === undefined) return;
		this.change({ order: moved(names, name, names.indexOf(to) - names.indexOf(name)) });
	}

	private pin(name: string): void {
		if (this.open === name) this.open = undefined;
		this.change({ pinned: [...this.choices.pinned, name] });
		this.places.find((place) => place.name === name)?.pin.scrollIntoView({ block: "nearest" });
	}

	// ---------------------------------------------------------------- showing

	/** What may stand in tabs, in order. */
	private get tabbed(): readonly Place[] {
		if (this.arrangement !== "screen") return [];
		const { order, pinned } = this.choices;
		const place = ({ name }: Place) => (order.includes(name) ? order.indexOf(name) : order.length);
		return this.places
			.filter(({ name }) => name !== TOP && name !== MAIN && !pinned.includes(name))
			.sort((a, b) => place(a) - place(b));
	}

	/** The tabs that there are. */
	private get there(): readonly Place[] {
		return this.tabbed.filter(({ panel }) => this.isChosen || isExpected(panel, this.store));
	}

	private get shownTab(): string | undefined {
		const { there } = this;
		return there.some(({ name }) => name === this.open) ? this.open : there[0]?.name;
	}

	/** Shows the tabs that there are. One that appears leaves the open one as it is. */
	private update(): void {
		if (this.arrangement === "stack") return;
		const { there, shownTab } = this;
		// Before the first snapshot it is not known what there is.
		if (this.store.runs.size > 0) this.open ??= shownTab;
		this.tabs.update(
			there.map(({ name, title, frame }) => ({ name, title, panel: frame })),
			shownTab,
		);
		const hasMain = this.places.some(({ name }) => name === MAIN);
		this.inspector.hidden = there.length === 0;
		this.work.dataset.split = String(there.length > 0 && hasMain);
		const { height, split } = this.choices;
		setVariable(this.work, "--work-height", height === undefined ? "" : `${height}px`);
		setVariable(this.work, "--split", split === undefined ? "" : `${split}%`);
		for (const place of this.tabbed) {
			place.unpin?.();
			place.unpin = undefined;
			place.pin.remove();
			if (place.frame.parentElement !== this.inspector) this.inspector.append(place.frame);
			place.frame.hidden = place.name !== shownTab;
		}
		this.showPins();
	}

	private showPins(): void {
		if (this.arrangement !== "screen") return;
		const { pinned, heights } = this.choices;
		const shown = pinned.flatMap((name) => this.places.find((one) => one.name === name) ?? []);
		for (const [i, place] of shown.entries()) {
			const { name, title, frame, pin } = place;
			if (this.pins.children[i] !== pin) this.pins.insertBefore(pin, this.pins.children[i] ?? null);
			if (frame.parentElement !== pin) pin.append(frame);
			frame.hidden = false;
			for (const attribute of ["role", "aria-labelledby"]) frame.removeAttribute(attribute);
			setVariable(pin, "--pin-height", heights[name] === undefined ? "" : `${heights[name]}px`);
			place.unpin ??= addPinTools(pin, title, {
				move: (by) => this.change({ pinned: moved(this.choices.pinned, name, by) }),
				unpin: () => {
					this.open = name;
					this.change({ tab: name, pinned: this.choices.pinned.filter((one) => one !== name) });
				},
				height: () => frame.clientHeight,
				resize: (height) => {
					const size = between(height, LEAST_PIN, MOST_HEIGHT);
					this.change({ heights: { ...this.choices.heights, [name]: size } });
				},
			});
		}
	}
}

function between(value: number, least: number, most: number): number {
	return Math.min(most, Math.max(least, value));
}

function setVariable({ style }: HTMLElement, name: string, value: string): void {
	if (style.getPropertyValue(name) !== value) style.setProperty(name, value);
}

function isOfCompact({ name }: Panel): boolean {
	return name === TOP || name === MAIN;
}
