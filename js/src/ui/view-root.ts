// The element that a widget draws in, with its style sheet, theme and the picture saved beside it.
import { element } from "./element";
import { followTheme } from "./theme";

export interface ViewRoot {
	/** The element with class `nbviz`. */
	readonly root: HTMLElement;
	/** There is something to draw: the root takes the place of the picture saved beside it. */
	show(): void;
	remove(): void;
}

/**
 * Appends a root to `el`. `id` names the view whose picture is saved beside it, "" for none; `drawing`
 * is the SVG of a page that has no such picture. Until `show` is called, and so for ever without a
 * kernel, the picture is on the page and the root is not. `themeChanged` is called when light turns to
 * dark or back.
 */
export function viewRoot(
	el: HTMLElement,
	styles: string,
	id: string,
	isLive: boolean,
	themeChanged: () => void = () => undefined,
	drawing = "",
): ViewRoot {
	const root = element("div", "nbviz", { "data-live": String(isLive), "data-waiting": id });
	const picture = `[data-nbviz-static="${CSS.escape(id)}"]`;
	const style = element("style");
	style.textContent = styles;
	// Apart from the sheets, which are not read again when it changes.
	const place = element("style");
	const look = (rule: string) => {
		place.textContent = id ? rule : "";
	};
	look(`:root:has(${picture}) .nbviz[data-waiting="${CSS.escape(id)}"]{display:none}`);
	el.append(style, place, root);
	let saved: HTMLElement | undefined;
	if (drawing) {
		saved = element("img", "", {
			alt: "",
			src: `data:image/svg+xml,${encodeURIComponent(drawing)}`,
		});
		saved.style.maxWidth = "100%";
		root.style.display = "none";
		el.append(saved);
	}
	const leave = whenConnected(root, () => followTheme(root, themeChanged));
	return {
		root,
		show() {
			saved?.remove();
			root.style.display = "";
			delete root.dataset.waiting;
			look(`${picture},.jp-OutputArea-child:has(${picture}){display:none!important}`);
		},
		remove() {
			leave();
			root.remove();
			style.remove();
			place.remove();
			saved?.remove();
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
