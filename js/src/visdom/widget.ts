// A widget of its own: visdom's windows. The same file draws them in a saved page.
import spaceStyles from "../charts/space/space.css";
import type { Update } from "../protocol/index.gen";
import { type Channel, Connection } from "../session/connection";
import base from "../ui/base.css";
import controls from "../ui/controls.css";
import tokens from "../ui/tokens.css";
import { viewRoot } from "../ui/view-root";
import { WindowsStore } from "./store";
import { WindowsPage } from "./view";
import styles from "./windows.css";

/** The part of anywidget's model that this widget uses. */
interface Model extends Channel {
	get(name: string): unknown;
}

interface Page {
	readonly store: WindowsStore;
	readonly connection: Connection;
	readonly places: Set<symbol>;
}

const STYLES = [tokens, base, controls, spaceStyles, styles];
// anywidget gives `initialize` and each `render` a stand-in of its own for the model.
type Pages = Map<string, Page>;

function initialize(pages: Pages, { model }: { model: Model }): () => void {
	const store = new WindowsStore();
	const places = new Set<symbol>();
	const connection = new Connection(model, store, model.get("_pulls") === true, places);
	const id = String(model.get("_view_id") ?? "");
	pages.set(id, { store, connection, places });
	return () => {
		connection.close();
		pages.delete(id);
	};
}

function render(pages: Pages, { model, el }: { model: Model; el: HTMLElement }): () => void {
	const id = String(model.get("_view_id") ?? "");
	const page = pages.get(id);
	if (!page) throw new Error("nbviz: render was called before initialize");
	const place = Symbol(id);
	page.places.add(place);
	const tell = (event: Readonly<Record<string, unknown>>) =>
		page.connection.tell({ window_event: event });
	const remove = draw(el, page.store, id, true, tell);
	return () => {
		page.places.delete(place);
		remove();
	};
}

function draw(
	el: HTMLElement,
	store: WindowsStore,
	id: string,
	isLive: boolean,
	tell: (event: Readonly<Record<string, unknown>>) => void,
): () => void {
	let windows: WindowsPage | undefined;
	const { root, show, remove } = viewRoot(el, STYLES, id, isLive, () => windows?.recolour());
	root.classList.add("nbviz-windows");
	windows = new WindowsPage(root, store, tell, isLive);
	const look = () => {
		if (store.isFilled && root.dataset.waiting !== undefined) show();
	};
	look();
	const leave = store.subscribe(look);
	root.dataset.nbviz = "ready";
	return () => {
		leave();
		windows?.remove();
		remove();
	};
}

/** Draws saved windows into a page without a kernel. */
export function replay(
	el: HTMLElement,
	recorded: { readonly updates: Update[]; readonly buffers: readonly string[] },
): () => void {
	const store = new WindowsStore();
	const buffers = recorded.buffers.map((text) => {
		const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
		return new DataView(bytes.buffer);
	});
	store.clear();
	for (const update of recorded.updates) store.apply(update, buffers);
	return draw(el, store, "", false, () => undefined);
}

export default () => {
	const pages: Pages = new Map();
	return {
		initialize: (context: { model: Model }) => initialize(pages, context),
		render: (context: { model: Model; el: HTMLElement }) => render(pages, context),
	};
};
