// The graph panel: the model's modules and operations. Its drawing is an asset.
import type { GraphUpdate } from "../../protocol/index.gen";
import type { Panel } from "../../session/panel";
import { applyGraph, type GraphState, graphState } from "./state";

export const panel: Panel<GraphState, GraphUpdate> = {
	name: "graph",
	kinds: ["graph_added", "overlay_updated", "graph_broken"],
	state: graphState,
	apply: applyGraph,
	has_content: (run) => run.has_model,
	recall(question, recorded) {
		if (question.kind !== "send_graph") return undefined;
		const levels = recorded
			.filter((one) => one.kind === "graph_sent")
			.filter(({ run_id }) => run_id === question.run_id)
			.flatMap((one) => one.levels)
			.filter(({ scope }) => question.scopes.includes(scope));
		const { run_id } = question;
		// Nothing can be measured without a kernel.
		return { kind: "graph_sent", client_id: "", request_id: 0, run_id, levels, overlays: [] };
	},
	asset: {
		name: "graph",
		title: "Model",
		missing: "No model to draw. LiveTrainer draws its model, and nbviz.graph(model, x) draws any.",
	},
};
