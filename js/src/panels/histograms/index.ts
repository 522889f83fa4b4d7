// The histograms panel: how values are distributed over the steps. Its drawing is an asset.
import type { HistogramsUpdate } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";
import type { Panel } from "../../session/panel";
import { recallWhole } from "../../session/replay";

const items = itemPanel<HistogramsUpdate>("histograms_added", "send_histograms", {
	name: "histograms",
	needs: ["heatmap"],
	title: "Histograms",
	by: "log_histogram and run.watch bring",
});

export const panel: Panel<ReturnType<typeof items.state.of>, HistogramsUpdate> = {
	...items,
	// One answer has those of all steps.
	recall: recallWhole("histograms"),
};
