// The histograms panel: how values are distributed over the steps. Its drawing is an asset.
import { isOfModule } from "../../charts/tag-groups";
import type { HistogramsUpdate } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";
import type { Panel } from "../../session/panel";

const items = itemPanel<HistogramsUpdate>("histograms_added", "send_histograms", {
	name: "histograms",
	needs: ["items", "heatmap"],
	title: "Histograms",
	missing: "Nothing yet. run.log_histogram and run.watch bring it.",
});

export const panel: Panel<ReturnType<typeof items.state.of>, HistogramsUpdate> = {
	...items,
	ofModule(run, path) {
		const tags = [...items.state.of(run).entries.keys()];
		return { isShown: tags.some((tag) => isOfModule(tag, path)) };
	},
	// One answer has those of all steps.
	recall: (question, recorded) =>
		question.kind === "send_histograms"
			? recorded.find(
					(one) =>
						one.kind === "histograms_sent" &&
						one.run_id === question.run_id &&
						one.tag === question.tag,
				)
			: undefined,
};
