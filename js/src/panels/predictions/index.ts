// The panel of predictions against what is true. Its drawing is an asset.
import type { PredictionsAdded } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";
import { recallWhole } from "../../session/replay";

const items = itemPanel<PredictionsAdded>("predictions_added", "send_predictions", {
	name: "predictions",
	title: "Predictions",
	by: "log_predictions(tag, target, prediction) brings",
});

export const panel: typeof items = {
	...items,
	recall: (...asked) => recallWhole("samples")(...asked) ?? items.recall?.(...asked),
};
