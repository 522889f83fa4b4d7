// The entry, and the only file that sees anywidget: one store and one connection for a model, panels
// for each of its views.
import { loadAsset } from "./assets";
import { type Channel, Connection } from "./connection";
import { mount, type Page, panels } from "./mount";
import type { Arrangement } from "./panel";
import { Store } from "./store";

/** The part of anywidget's model that nbviz uses. */
interface Model extends Channel {
	get(name: string): unknown;
}

// anywidget runs initialize once for a model and render once for each view of it, and gives each a
// stand-in of its own for the model: what they share is found by the model's id.
type Pages = Map<string, Page>;

function initialize(pages: Pages, { model }: { model: Model }): () => void {
	const store = new Store(panels);
	const places = new Set<number>();
	const connection = new Connection(model, store, model.get("_pulls") === true, places);
	let loaded: Promise<unknown> = Promise.resolve();
	connection.offeredUnasked = (name) => {
		// In their order, since one needs those before it; who asks for one is told if it fails.
		loaded = loaded.then(() => loadAsset(name, connection)).catch(() => undefined);
	};
	const id = viewId(model);
	pages.set(id, { store, asker: connection, places });
	return () => {
		connection.close();
		pages.delete(id);
	};
}

function render(pages: Pages, { model, el }: { model: Model; el: HTMLElement }): () => void {
	el.dataset.nbvizView = viewId(model);
	el.dataset.leadsTo = String(model.get("_leads_to") ?? "");
	const page = pages.get(viewId(model));
	if (!page) throw new Error("nbviz: render was called before initialize");
	return mount(el, page, panelNames(model.get("_panels")), {
		arrangement: arrangementOf(model.get("_arrangement")),
		id: viewId(model),
		keptAs: String(model.get("_kept_as") ?? ""),
		charts: model.get("_charts") as string[][],
		isChosen: model.get("_is_chosen") === true,
		drawing: String(model.get("_drawing") ?? ""),
	});
}

function viewId(model: Model): string {
	return String(model.get("_view_id") ?? "");
}

const ARRANGEMENTS: readonly Arrangement[] = ["screen", "compact", "bar"];

function arrangementOf(value: unknown): Arrangement {
	return ARRANGEMENTS.find((one) => one === value) ?? "stack";
}

function panelNames(value: unknown): string[] {
	return Array.isArray(value) ? value.map(String) : panels.map(({ name }) => name);
}

// A page runs this file once, and may have several notebooks that show one model: see ../loader.ts.
export default () => {
	const pages: Pages = new Map();
	return {
		initialize: (context: { model: Model }) => initialize(pages, context),
		render: (context: { model: Model; el: HTMLElement }) => render(pages, context),
	};
};
