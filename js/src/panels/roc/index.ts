// The panel of precision, recall, ROC and calibration. Its drawing is an asset.
import type { RocAdded } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

const needs: readonly string[] = ["items"];
export const panel = itemPanel<RocAdded>("roc", "send_roc", "ROC", "log_pr_curve", needs);
