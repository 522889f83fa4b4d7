// Which items of a run can be asked for; they themselves are loaded when they are seen.
import type { MediaUpdate } from "../../protocol/index.gen";
import { doubles } from "../../session/buffers";
import { ItemIndex } from "../../session/item-index";
import { PanelState, unreachable } from "../../session/panel-data";

export const mediaState = new PanelState<ItemIndex>("media", () => new ItemIndex());

export function applyMedia(
	index: ItemIndex,
	update: MediaUpdate,
	buffers: readonly DataView[],
): "media" {
	switch (update.kind) {
		case "media_added":
			index.add(update, doubles(buffers[update.buffer]));
			return "media";
		default:
			return unreachable(update.kind);
	}
}
