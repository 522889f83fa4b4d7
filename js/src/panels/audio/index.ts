// The audio panel: sounds as waves or spectrograms, played. Its drawing is an asset.
import type { AudioUpdate } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

export const panel = itemPanel<AudioUpdate>("audio_added", "send_audio", {
	name: "audio",
	needs: ["heatmap"],
	title: "Audio",
	by: "log_audio brings",
});
