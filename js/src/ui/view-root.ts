// The element that a widget draws in, with its style sheets, theme and the picture saved beside it.
import { element } from "./element";
import { adopt, whenConnected } from "./sheets";
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
	styles: readonly string[],
	id: string,
	isLive: boolean,
	themeChanged: () => void = () => undefined,
	drawing = "",
): ViewRoot {
	const root = element("div", "nbviz", { "data-live": String(isLive), "data-waiting": id });
	const picture = `[data-nbviz-static="${CSS.escape(id)}"]`;
	const place = element("style");
	const look = (rule: string) => {
		place.textContent = id ? rule : "";
	};
	look(`:root:has(${picture}) .nbviz[data-waiting="${CSS.escape(id)}"]{display:none}`);
	el.append(place, root);
	adopt(root, styles);
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
			look(
				`${picture},.jp-OutputArea-child:not(:has(.jp-OutputArea)):has(${picture}){display:none!important}`,
			);
		},
		remove() {
			leave();
			root.remove();
			place.remove();
			saved?.remove();
		},
	};
}
