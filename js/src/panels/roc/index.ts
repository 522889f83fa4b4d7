// The panel of precision, recall, ROC and calibration. Its drawing is an asset.
import type { RocAdded } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

export const panel = itemPanel<RocAdded>("roc_added", "send_roc", {
	name: "roc",
	needs: ["items"],
	title: "PR and ROC",
	missing: "Nothing yet. run.log_pr_curve(tag, target, score) brings it.",
});
