// The entry, and the only file that sees anywidget: one store and one connection for a model, panels
// for each of its views.
import { type Asker, type Channel, Connection } from "./connection";
import { createCursor } from "./cursor";
import { passingMemory, tabMemory } from "./memory";
import { mountAsset } from "./panels/asset";
import { mountCurves } from "./panels/curves";
import { mountLog } from "./panels/log";
import type { Context, Mount } from "./panels/panel";
import { element } from "./panels/panel";
import { mountToolbar } from "./panels/toolbar";
import { mountWeights } from "./panels/weights";
import { type Recorded, Replay } from "./replay";
import { SeriesWatch } from "./series-watch";
import { Store } from "./store";
import { styles } from "./styles";
import { viewRoot } from "./view-root";

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

const NO_GRAPH =
	"No model to draw. LiveTrainer draws its model, and nbviz.graph(model, x) draws any.";
const NO_MEDIA = "Nothing yet. run.log_image, log_histogram, log_text and log_tensor bring it.";

const PANELS: Record<string, Mount> = {
	toolbar: mountToolbar,
	curves: mountCurves,
	weights: mountWeights,
	media: mountAsset("media", "Media", hasMedia, NO_MEDIA),
	graph: mountAsset("graph", "Graph", hasGraph, NO_GRAPH),
	log: mountLog,
};

function hasGraph(store: Store): boolean {
	return [...store.runs.values()].some((run) => run.has_graph);
}

function hasMedia(store: Store): boolean {
	return [...store.runs.values()].some((run) => run.media.entries.size > 0);
}

// anywidget runs initialize once for a model and render once for each view of it, and gives each a
// stand-in of its own for the model: what they share is found by the model's id.
const pages = new Map<string, Page>();

function initialize({ model }: { model: Model }): () => void {
	const store = new Store();
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
	panels: string[],
	assets: Readonly<Record<string, string>>,
): () => void {
	const store = new Store();
	const page = { store, asker: new Replay(store, recorded, assets), places: new Set<number>() };
	return mount(el, page, panels, "", false);
}

function mount(
	el: HTMLElement,
	page: Page,
	panels: string[],
	id: string,
	isChosen: boolean,
): () => void {
	const themeListeners = new Set<() => void>();
	const { root, remove } = viewRoot(el, styles, id, page.asker.isLive, () => {
		for (const listener of themeListeners) listener();
	});
	const cleanups: (() => void)[] = [];
	let place = 0;
	while (page.places.has(place)) place += 1;
	page.places.add(place);
	const watch = new SeriesWatch(page.asker, page.store);
	const context: Context = {
		store: page.store,
		asker: page.asker,
		root,
		cursor: createCursor(),
		isChosen,
		memory: id ? tabMemory(`${id} ${place}`) : passingMemory(),
		watch,
		onTheme(listener) {
			themeListeners.add(listener);
			return () => themeListeners.delete(listener);
		},
	};
	for (const name of panels) {
		const section = element("section", `nbviz-slot nbviz-slot-${name}`);
		root.append(section);
		const mountPanel = PANELS[name];
		if (mountPanel) cleanups.push(mountPanel(section, context));
	}
	root.dataset.nbviz = "ready";
	return () => {
		for (const cleanup of cleanups) cleanup();
		watch.stop();
		page.places.delete(place);
		remove();
	};
}

function viewId(model: Model): string {
	return String(model.get("_view_id") ?? "");
}

function panelNames(value: unknown): string[] {
	return Array.isArray(value) ? value.map(String) : Object.keys(PANELS);
}

export default { initialize, render };
