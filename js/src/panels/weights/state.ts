// The parameters of a run that can be shown, and the newest picture of each that was.
import type { LayerInfo, WeightsUpdate, WeightsUpdated } from "../../protocol/index.gen";
import { int16s } from "../../session/buffers";
import { PanelState, unreachable } from "../../session/panel-data";

/** A parameter's newest picture: the message, and its cells. */
export interface WeightsPicture extends WeightsUpdated {
	readonly cells: Int16Array;
}

export interface WeightsState {
	layers: readonly LayerInfo[];
	/** By the parameters' names. */
	readonly pictures: Map<string, WeightsPicture>;
}

/** `layers`: other parameters can be shown. `weights`: there are new pictures. */
export type WeightsTopic = "layers" | "weights";

export const weightsState = new PanelState<WeightsState>("weights", () => ({
	layers: [],
	pictures: new Map(),
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
			state.pictures.set(update.name, { ...update, cells });
			return "weights";
		}
		default:
			return unreachable(update);
	}
}

/** The layers that can be shown; of a recorded run, those that it holds pictures of. */
export function listedLayers({ layers, pictures }: WeightsState): readonly LayerInfo[] {
	return layers.length > 0 ? layers : [...pictures.values()];
}
