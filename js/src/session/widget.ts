// The entry, and the only file that sees anywidget: one store and one connection for a model, panels
// for each of its views.
import "../charts/lines/shared";
import { PANELS } from "../panels/panels.gen";
import base from "../ui/base.css";
import { element } from "../ui/element";
import tokens from "../ui/tokens.css";
import { viewRoot } from "../ui/view-root";
import { passingViewState, tabViewState } from "../ui/view-state";
import type { Asker } from "./asker";
import { mountAsset } from "./assets";
import { type Channel, Connection } from "./connection";
import type { Context, Mount, Panel } from "./panel";
import { createPointedStep } from "./pointed-step";
import { type Recorded, Replay } from "./replay";
import { Store } from "./store";
import { Wanted } from "./wanted";

/** The part of anywidget's model that nbviz uses. */
interface Model extends Channel {
	get(name: string): unknown;
}

interface Page {
	readonly store: Store;
	readonly asker: Asker;
	/** Which of its places are taken by a view: a reload draws them in the same order. */
	readonly places: Set<number>;
}

const panels: readonly Panel[] = PANELS;
/** In the order in which they cascade; assets bring their own. */
const STYLES = [tokens, base, ...panels.map(({ styles = "" }) => styles)].join("\n");

// anywidget runs initialize once for a model and render once for each view of it, and gives each a
// stand-in of its own for the model: what they share is found by the model's id.
const pages = new Map<string, Page>();

function initialize({ model }: { model: Model }): () => void {
	const store = new Store(panels);
	const connection = new Connection(model, store, model.get("_pulls") === true);
	const id = viewId(model);
	pages.set(id, { store, asker: connection, places: new Set() });
	return () => {
		connection.close();
		pages.delete(id);
	};
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
	const page = pages.get(viewId(model));
	if (!page) throw new Error("nbviz: render was called before initialize");
	const isChosen = model.get("_is_chosen") === true;
	return mount(el, page, panelNames(model.get("_panels")), viewId(model), isChosen);
}

/** Draws a recorded run into a page without a kernel. */
export function replay(
	el: HTMLElement,
	recorded: Recorded,
	shown: string[],
	assets: Readonly<Record<string, string>>,
): () => void {
	const store = new Store(panels);
	const asker = new Replay(store, recorded, assets, panels);
	return mount(el, { store, asker, places: new Set() }, shown, "", false);
}

function mount(
	el: HTMLElement,
	page: Page,
	shown: string[],
	id: string,
	isChosen: boolean,
): () => void {
	const themeListeners = new Set<() => void>();
	const { root, remove } = viewRoot(el, STYLES, id, page.asker.isLive, () => {
		for (const listener of themeListeners) listener();
	});
	const cleanups: (() => void)[] = [];
	let place = 0;
	while (page.places.has(place)) place += 1;
	page.places.add(place);
	const wanted = new Wanted(page.asker, page.store, panels);
	const context: Context = {
		store: page.store,
		asker: page.asker,
		panels,
		root,
		pointedStep: createPointedStep(),
		isChosen,
		viewState: id ? tabViewState(`${id} ${place}`) : passingViewState(),
		wanted,
		onTheme(listener) {
			themeListeners.add(listener);
			return () => themeListeners.delete(listener);
		},
	};
	for (const name of shown) {
		const section = element("section", `nbviz-slot nbviz-slot-${name}`);
		root.append(section);
		const panel = panels.find((one) => one.name === name);
		const mountPanel = panel && mountOf(panel);
		if (mountPanel) cleanups.push(mountPanel(section, context));
	}
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

function viewId(model: Model): string {
	return String(model.get("_view_id") ?? "");
}

function panelNames(value: unknown): string[] {
	return Array.isArray(value) ? value.map(String) : panels.map(({ name }) => name);
}

export default { initialize, render };
