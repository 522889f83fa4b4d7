// The panel of precision, recall, ROC and calibration. Its drawing is an asset.
import type { RocAdded } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

export const panel = itemPanel<RocAdded>("roc_added", "send_roc", {
	name: "roc",
	title: "PR and ROC",
	by: "log_pr_curve(tag, target, score) brings",
});
