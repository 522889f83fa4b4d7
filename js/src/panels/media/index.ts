// The media panel: images, videos and tensors. Its drawing is an asset.
import type { MediaUpdate } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

export const panel = itemPanel<MediaUpdate>("media_added", "send_media", {
	name: "media",
	needs: ["heatmap"],
	title: "Media",
	by: "log_image, log_video and log_tensor bring",
});
