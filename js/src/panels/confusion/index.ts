// The confusion panel: which class was predicted for which. Its drawing is an asset.
import type { ConfusionAdded } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

export const panel = itemPanel<ConfusionAdded>("confusion_added", "send_confusion", {
	name: "confusion",
	needs: ["heatmap"],
	title: "Confusion",
	by: "log_confusion_matrix(tag, target, prediction) brings",
});
