// Style sheets, each once for all views of a page: with another one the browser looks at all elements of
// the page anew, and a notebook has many.

type Tree = (Document | ShadowRoot) & { [ADOPTED]?: Set<string> };

/** Shared by all of nbviz's modules of a page, each of which has the sheets that it needs. */
const ADOPTED = Symbol.for("nbviz.sheets");

/** Has the sheets hold where `element` is, in order and for good: in the page, or the shadow tree it is in. */
export function adopt(element: HTMLElement, sheets: readonly string[]): void {
	const found = element.getRootNode();
	const tree = ("adoptedStyleSheets" in found ? found : document) as Tree;
	tree[ADOPTED] ??= new Set();
	for (const text of sheets) {
		if (tree[ADOPTED].has(text)) continue;
		tree[ADOPTED].add(text);
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(text);
		tree.adoptedStyleSheets.push(sheet);
	}
	if (!element.isConnected) whenConnected(element, () => adopt(element, sheets));
}

/**
 * Calls `then` once `element` is in the page: until then it has no computed style, and so no colours.
 * Returns a function that ends the waiting, or what `then` began.
 */
export function whenConnected(element: HTMLElement, then: () => (() => void) | void): () => void {
	if (element.isConnected) return then() ?? (() => undefined);
	let end: (() => void) | void;
	// An element's size is first observed when it has a place in the page.
	const observer = new ResizeObserver(() => {
		if (!element.isConnected) return;
		observer.disconnect();
		end = then();
	});
	observer.observe(element);
	return () => {
		observer.disconnect();
		end?.();
	};
}
