// The parameters of a run that can be shown, the newest picture of each that was, and the steps of others.
import type { LayerInfo, WeightsUpdate, WeightsUpdated } from "../../protocol/index.gen";
import { doubles, int16s } from "../../session/buffers";
import { ItemIndex } from "../../session/item-index";
import { PanelState, unreachable } from "../../session/panel-data";

/** A parameter's newest picture: the message, and its cells. */
export interface WeightsHeatmap extends WeightsUpdated {
	readonly cells: Int16Array;
}

export interface WeightsState {
	layers: readonly LayerInfo[];
	/** By the parameters' names. */
	readonly heatmaps: Map<string, WeightsHeatmap>;
	/** The steps of which heatmaps can be asked for. */
	readonly kept: ItemIndex;
}

/** `layers`: other parameters can be shown. `weights`: there are new heatmaps. */
export type WeightsTopic = "layers" | "weights";

export const weightsState = new PanelState<WeightsState>("weights", () => ({
	layers: [],
	heatmaps: new Map(),
	kept: new ItemIndex(),
}));

export function applyWeights(
	state: WeightsState,
	update: WeightsUpdate,
	buffers: readonly DataView[],
): WeightsTopic {
	switch (update.kind) {
		case "layers_listed":
			state.layers = update.layers;
			return "layers";
		case "weights_updated": {
			const cells = int16s(buffers[update.buffer]);
			state.heatmaps.set(update.name, { ...update, cells });
			return "weights";
		}
		case "weights_kept":
			state.kept.add(update, doubles(buffers[update.buffer]));
			return "weights";
		default:
			return unreachable(update);
	}
}

/** The layers that can be shown; of a recorded run, those that it holds heatmaps of. */
export function listedLayers({ layers, heatmaps }: WeightsState): readonly LayerInfo[] {
	return layers.length > 0 ? layers : [...heatmaps.values()];
}
