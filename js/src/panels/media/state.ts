// Which items of a run can be asked for; they themselves are loaded when they are seen.
import type { MediaUpdate } from "../../protocol/index.gen";
import { doubles } from "../../session/buffers";
import { PanelState, unreachable } from "../../session/panel-data";
import { MediaIndex } from "./media-index";

export const mediaState = new PanelState<MediaIndex>("media", () => new MediaIndex());

export function applyMedia(
	index: MediaIndex,
	update: MediaUpdate,
	buffers: readonly DataView[],
): "media" {
	switch (update.kind) {
		case "media_added":
			index.overheadShare = update.overhead_share;
			index.add(update.media, doubles(buffers[update.buffer]));
			return "media";
		default:
			return unreachable(update.kind);
	}
}
