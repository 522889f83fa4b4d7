// The element that a widget draws in, with its style sheet, theme and the picture saved beside it.
import { element } from "./element";
import { followTheme } from "./theme";

export interface ViewRoot {
	/** The element with class `nbviz`. */
	readonly root: HTMLElement;
	remove(): void;
}

/**
 * Appends a root to `el`. `id` names the view whose saved picture hides while this is on the page, ""
 * for none; `themeChanged` is called when light turns to dark or back.
 */
export function viewRoot(
	el: HTMLElement,
	styles: string,
	id: string,
	isLive: boolean,
	themeChanged: () => void = () => undefined,
): ViewRoot {
	const root = element("div", "nbviz", { "data-live": String(isLive) });
	const style = element("style");
	style.textContent = styles + (id ? hideStatic(id) : "");
	el.append(style, root);
	const leave = whenConnected(root, () => followTheme(root, themeChanged));
	return {
		root,
		remove() {
			leave();
			root.remove();
			style.remove();
		},
	};
}

/**
 * Calls `then` once `element` is in the page: until then it has no computed style, and so no colours.
 * Returns a function that ends the waiting, or what `then` began.
 */
function whenConnected(element: HTMLElement, then: () => () => void): () => void {
	if (element.isConnected) return then();
	let end: (() => void) | undefined;
	// An element's size is first observed when it has a place in the page.
	const observer = new ResizeObserver(() => {
		if (!element.isConnected || end) return;
		observer.disconnect();
		end = then();
	});
	observer.observe(element);
	return () => {
		observer.disconnect();
		end?.();
	};
}

function hideStatic(id: string): string {
	const picture = `[data-nbviz-static="${CSS.escape(id)}"]`;
	return `${picture},.jp-OutputArea-child:has(${picture}){display:none!important}`;
}
