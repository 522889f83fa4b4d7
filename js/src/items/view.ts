// What a panel of items draws in a card: one for each kind of item.
import type { Theme } from "../ui/theme";
import type { ItemContent } from "./loader";

/** A run whose items are drawn over those of the card's. */
export interface OtherRun {
	readonly run_id: string;
	readonly name: string;
	/** Decides its colour. */
	readonly style: number;
}

/** What a card gives its view. */
export interface ItemHost {
	readonly tag: string;
	readonly run_id: string;
	/** The run's name, and what decides its colour. */
	name(): string;
	style(): number;
	/** The other runs that are drawn, too, where the panel overlays them. */
	others(): readonly OtherRun[];
	theme(): Theme;
	/** Shows a tooltip at a place of the view's root; "" hides it. */
	describe(text: string, x: number, y: number): void;
	/** Shows another step in all panels. */
	choose(step: number): void;
	enlarge(): void;
}

export interface ItemView<C extends ItemContent> {
	readonly root: HTMLElement;
	take(content: C): void;
	/** Shows the step, of what it holds; returns the step shown and words about it. */
	show(step: number): { step: number; note: string } | undefined;
	/** Room in CSS pixels. */
	resize(width: number, height: number): void;
	/** Draws again, in the theme in force. */
	recolour(): void;
	/** Of a course, which is asked for up to its end: the newest step that it holds of a run, -1 for none. */
	held?(run_id: string): number;
	remove(): void;
}
