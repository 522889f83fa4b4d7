// What was measured of the boxes of a run's graph; the graph itself is loaded when it is seen.
import type { GraphBroken, GraphUpdate, OverlayName } from "../../protocol/index.gen";
import { doubles } from "../../session/buffers";
import { PanelState, unreachable } from "../../session/panel-data";
import type { RunState } from "../../session/run";

/** What the boxes of the graph in sight were measured to be. */
export interface OverlayValues {
	readonly overlay: OverlayName;
	readonly step: number;
	/** By the boxes' ids. */
	readonly values: ReadonlyMap<string, number>;
	readonly note: string;
	/** The boxes around what made the first NaN or infinity, the outermost first. */
	readonly first: readonly string[];
}

export interface GraphState {
	/** The newest values of each overlay on the graph that was looked at. */
	readonly overlays: Map<OverlayName, OverlayValues>;
	/** Where the step broke that comes next. */
	broken?: GraphBroken;
	/** Names of the layers that are watched because a reader asked for it. */
	watched?: readonly string[];
}

/** `runs`: a run has a model. `overlays`: there are new values. */
export type GraphTopic = "runs" | "overlays";

export const graphState = new PanelState<GraphState>("graph", () => ({ overlays: new Map() }));

export function applyGraph(
	state: GraphState,
	update: GraphUpdate,
	buffers: readonly DataView[],
	run: RunState,
): GraphTopic {
	switch (update.kind) {
		case "graph_added":
			run.has_model = true;
			state.watched = update.watched;
			return "runs";
		case "overlay_updated": {
			const { overlay, step, nodes, note, first } = update;
			const data = doubles(buffers[update.buffer]);
			const values = new Map(nodes.map((node, i) => [node, data[i] ?? Number.NaN]));
			state.overlays.set(overlay, { overlay, step, values, note, first });
			return "overlays";
		}
		case "graph_broken":
			state.broken = update;
			return "overlays";
		default:
			return unreachable(update);
	}
}
