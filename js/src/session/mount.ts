// One view: its element, its style sheets and its panels.
import { PANELS } from "../panels/panels.gen";
import base from "../ui/base.css";
import tokens from "../ui/tokens.css";
import { viewRoot } from "../ui/view-root";
import { passingViewState, placedViewState, tabViewState } from "../ui/view-state";
import type { Asker } from "./asker";
import { mountAsset } from "./assets";
import type { Arrangement, Context, Mount, Panel } from "./panel";
import { createPointedStep, Listeners } from "./shared";
import type { Store } from "./store";
import { Wanted } from "./wanted";
import { footer, unseenRuns } from "./workspace/later";
import { Workspace } from "./workspace/workspace";
import workspaceStyles from "./workspace/workspace.css";

export interface Page {
	readonly store: Store;
	readonly asker: Asker;
	/** Which of its places are taken by a view: a reload draws them in the same order. */
	readonly places: Set<number>;
}

export const panels: readonly Panel[] = PANELS;
/** In the order in which they cascade; assets bring their own. */
const STYLES = [tokens, base, workspaceStyles, ...panels.flatMap(({ styles }) => styles ?? [])];

export interface ViewOptions {
	readonly arrangement: Arrangement;
	/** Ties the view to the picture saved beside it; "" for none. */
	readonly id?: string;
	/** The next view in the same place is called so, too; "" where there is none. */
	readonly keptAs?: string;
	/** The panels were chosen by name. */
	readonly isChosen?: boolean;
	/** Patterns of tags that share a chart. */
	readonly charts?: readonly (readonly string[])[];
	/** The SVG of a page that has no picture beside the view. */
	readonly drawing?: string;
}

/** What is chosen of a place, or of runs by their names. */
const PLACED = ["workspace", "folded", "charts", "looks", "runs", "shown-runs"];

/** Draws the panels `shown` of a page into `el`, in order. Returns a function that removes them. */
export function mount(
	el: HTMLElement,
	page: Page,
	shown: string[],
	{ arrangement, id = "", keptAs = "", isChosen = false, charts = [], drawing = "" }: ViewOptions,
): () => void {
	const themes = new Listeners();
	const { store, asker } = page;
	const { root, show, remove } = viewRoot(el, STYLES, id, asker.isLive, themes.notify, drawing);
	const look = () => {
		if (store.isFilled && root.dataset.waiting !== undefined) show();
	};
	look();
	const cleanups = [store.subscribe(look)];
	let place = 0;
	while (page.places.has(place)) place += 1;
	page.places.add(place);
	const wanted = new Wanted(asker, store, panels);
	const own = id ? tabViewState(`${id} ${place}`) : passingViewState();
	// Without the notebook's name, which comes first, others may have such a place.
	const isLasting = !keptAs.startsWith(" ");
	const viewState = keptAs ? placedViewState(own, `${keptAs} ${place}`, PLACED, isLasting) : own;
	const there = shown.flatMap((name) => panels.find((panel) => panel.name === name) ?? []);
	const workspace = new Workspace(root, there, arrangement, isChosen, store, viewState);
	cleanups.push(() => workspace.remove());
	const context: Context = {
		store,
		asker,
		panels,
		root,
		pointedStep: createPointedStep(),
		isChosen,
		arrangement,
		charts,
		viewState,
		wanted,
		show: (panel) => workspace.show(panel),
		onTheme: themes.subscribe,
	};
	for (const [panel, slot] of workspace.slots) {
		const mountPanel = mountOf(panel);
		if (mountPanel) cleanups.push(mountPanel(slot, context));
	}
	if (arrangement !== "bar") cleanups.push(unseenRuns(context));
	if (workspace.footer) cleanups.push(footer(workspace.footer, context));
	root.dataset.nbviz = "ready";
	return () => {
		for (const cleanup of cleanups) cleanup();
		wanted.stop();
		page.places.delete(place);
		remove();
	};
}

function mountOf(panel: Panel): Mount | undefined {
	return panel.asset ? mountAsset(panel, panel.asset) : panel.mount;
}
