// The half of a panel that takes which items there are of its kinds; they themselves are asked for.
import type { ItemsAdded } from "../protocol/index.gen";
import { doubles } from "./buffers";
import type { ItemIndex } from "./item-index";
import type { PanelData, PanelState, PanelUpdate } from "./panel-data";

type Added = Extract<PanelUpdate, ItemsAdded>;

/** Such a panel's data; `kind` is that of the update which lists its items. */
export function itemsData<U extends Added>(
	name: string,
	kind: U["kind"],
	state: PanelState<ItemIndex>,
): PanelData<ItemIndex, U> {
	return {
		name,
		kinds: [kind],
		state,
		apply(index, update, buffers) {
			index.add(update, doubles(buffers[update.buffer]), buffers);
			return name;
		},
		has_content: (run) => state.of(run).entries.size > 0,
		steps: (run) => state.of(run).steps,
		tags: (run) => [...state.of(run).entries.keys()],
	};
}
