// The weights panel: parameters as heatmaps. Its drawing is an asset.
import type { WeightsUpdate } from "../../protocol/index.gen";
import type { Panel } from "../../session/panel";
import { recallItem } from "../../session/replay";
import { applyWeights, listedLayers, type WeightsState, weightsState } from "./state";

const MISSING =
	"No weights yet. They come with a step of LiveTrainer, or with run.log_weights(model).";

export const panel: Panel<WeightsState, WeightsUpdate> = {
	name: "weights",
	kinds: ["layers_listed", "weights_updated", "weights_kept"],
	state: weightsState,
	apply: applyWeights,
	has_content: (run) => listedLayers(weightsState.of(run)).length > 0,
	parameters: (run) => weightsState.of(run).layers.map(({ name }) => name),
	steps: (run) => weightsState.of(run).kept.steps,
	recall: (question, recorded) =>
		question.kind === "send_weights" ? recallItem(question, recorded, "name") : undefined,
	ofModule(run, path) {
		const { layers } = weightsState.of(run);
		const hasAny = path !== "" && layers.some(({ name }) => name.startsWith(`${path}.`));
		return hasAny ? { isShown: true, link: "See its weights" } : {};
	},
	asset: {
		name: "weights",
		needs: ["heatmap"],
		title: "Weights",
		missing: MISSING,
		isEager: true,
		// Without a model there may never be any.
		isExpected: (run) => run.has_model,
	},
};
