// What anywidget imports for each model, and a page never lets go of: so it is short, and has the page
// import the widget itself once, however many models there are.

interface Context {
	readonly model: { get(name: string): unknown };
}

interface Widget {
	initialize?(context: Context): unknown;
	render(context: Context): unknown;
}

interface Module {
	readonly default: Widget | (() => Widget);
}

/** The page's modules of widgets by their source: another version of nbviz has another one. */
const SHARED = Symbol.for("nbviz.modules");
const shared = globalThis as { [SHARED]?: Map<string, Promise<Module>> };
shared[SHARED] ??= new Map();
const modules = shared[SHARED];
/** One for each copy of this file. marimo has one copy of it for all widgets. */
const widgets = new WeakMap<Promise<Module>, Promise<Widget>>();

function widgetOf({ model }: Context): Promise<Widget> {
	const loading = moduleOf(String(model.get("_source")));
	const known = widgets.get(loading);
	if (known) return known;
	const widget = loading.then(({ default: made }) => (typeof made === "function" ? made() : made));
	widgets.set(loading, widget);
	return widget;
}

function moduleOf(source: string): Promise<Module> {
	const known = modules.get(source);
	if (known) return known;
	const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
	const loading: Promise<Module> = import(/* @vite-ignore */ url);
	modules.set(source, loading);
	loading.catch(() => modules.delete(source)).finally(() => URL.revokeObjectURL(url));
	return loading;
}

export default {
	initialize: async (context: Context) => (await widgetOf(context)).initialize?.(context),
	render: async (context: Context) => (await widgetOf(context)).render(context),
};
