// What a panel is, and what it may use.
import type { ViewState } from "../ui/view-state";
import type { Asker } from "./asker";
import type { PanelData, PanelUpdate } from "./panel-data";
import type { RunState } from "./run";
import type { PointedStep } from "./shared";
import type { Store } from "./store";
import type { Wanted } from "./wanted";

/** How panels stand: fitted to one screen, below one another, toolbar and one chart, or one line. */
export type Arrangement = "screen" | "stack" | "compact" | "bar";

/** What a panel may use. */
export interface Context {
	readonly store: Store;
	readonly asker: Asker;
	/** All panels there are, also those that this view does not show. */
	readonly panels: readonly Panel[];
	/** The element with class `nbviz`, for reading the theme. */
	readonly root: HTMLElement;
	/** Calls `listener` when light turns to dark or back. Returns a function that unsubscribes. */
	onTheme(listener: () => void): () => void;
	/** The step under the pointer, shared by the charts of this view. */
	readonly pointedStep: PointedStep;
	/** The panels were chosen by name: one without anything to show says how to get it. */
	readonly isChosen: boolean;
	readonly arrangement: Arrangement;
	/** Patterns of tags that share a chart, a list for each chart. */
	readonly charts: readonly (readonly string[])[];
	/** Brings a panel of this view into sight. */
	show(panel: string): void;
	/** What the reader chose in this view, for its return after a reload. */
	readonly viewState: ViewState;
	/** Takes what a panel of this view shows: the kernel sends nothing else. */
	readonly wanted: Pick<Wanted, "set">;
}

/** Draws a panel into `element`. Returns a function that removes it. */
export type Mount = (element: HTMLElement, context: Context) => () => void;

export interface Panel<S = unknown, U extends PanelUpdate = PanelUpdate> extends PanelData<S, U> {
	/** Draws it; a panel that is loaded when it is first seen has `asset` in its place. */
	readonly mount?: Mount;
	/** Its style sheet, where it does not come with an asset. */
	readonly styles?: string;
	readonly asset?: AssetPanel;
}

/** A panel whose code is fetched when it is first seen. */
export interface AssetPanel {
	/** The asset that exports its `mount`. */
	readonly name: string;
	/** Assets that must be there before it. */
	readonly needs?: readonly string[];
	/** The card's title until then. */
	readonly title: string;
	/** Says how to get something to show. */
	readonly missing: string;
	/** It is small, and loaded when there is something to show: a panel above the viewport then grows once. */
	readonly isEager?: boolean;
	/** It is loaded as soon as the view is there: a kernel that is busy later would let it wait. */
	readonly isAlwaysThere?: boolean;
	/** The panel is there for a run that has nothing to show yet. */
	isExpected?(run: RunState): boolean;
}
