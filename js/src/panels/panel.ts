// What every panel is given, and the box that it draws in.
import type { Asker } from "../connection";
import type { Memory } from "../memory";
import type { SeriesWatch } from "../series-watch";
import type { Store } from "../store";

/** What a panel may use. */
export interface Context {
	readonly store: Store;
	readonly asker: Asker;
	/** The element with class `nbviz`, for reading the theme. */
	readonly root: HTMLElement;
	/** Calls `listener` when light turns to dark or back. Returns the way out. */
	onTheme(listener: () => void): () => void;
	/** State of this view that panels share, such as the step under the pointer. */
	readonly cursor: Cursor;
	/** The panels were chosen by name: one without anything to show says how to get it. */
	readonly isChosen: boolean;
	/** What the reader chose in this view, for its return after a reload. */
	readonly memory: Memory;
	/** Is told which series a panel draws: the points of no others come. */
	readonly watch: Pick<SeriesWatch, "want">;
}

/** The x position that the pointer is over in any chart of this view, for a readout in all of them. */
export interface Cursor {
	readonly step: number | undefined;
	set(step: number | undefined): void;
	subscribe(listener: () => void): () => void;
}

/** Draws a panel into `element`. Returns how to remove it. */
export type Mount = (element: HTMLElement, context: Context) => () => void;

/** Creates an element with a class, attributes and children; text is never read as HTML. */
export function element<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	className = "",
	attributes: Record<string, string> = {},
	...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
	const made = document.createElement(tag);
	if (className) made.className = className;
	for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
	made.append(...children);
	return made;
}
