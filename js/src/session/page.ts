// The entry of a page without a kernel: the same panels, filled once.
import { mount, panels } from "./mount";
import { type Recorded, Replay } from "./replay";
import { Store } from "./store";

/** Draws a recorded run into a page without a kernel. */
export function replay(
	el: HTMLElement,
	recorded: Recorded,
	shown: string[],
	assets: Readonly<Record<string, string>>,
	charts: readonly (readonly string[])[] = [],
): () => void {
	const store = new Store(panels);
	const asker = new Replay(store, recorded, assets, panels);
	return mount(el, { store, asker, places: new Set() }, shown, {
		arrangement: "screen",
		charts,
	});
}
