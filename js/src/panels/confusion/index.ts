// The confusion panel: which class was predicted for which. Its drawing is an asset.
import type { ConfusionAdded } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

const needs: readonly string[] = ["items", "heatmap"];
export const panel = itemPanel<ConfusionAdded>(
	"confusion",
	"send_confusion",
	"Confusion",
	"log_confusion_matrix",
	needs,
);
