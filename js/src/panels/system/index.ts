// The system panel: what a run uses of its machine. Its drawing is an asset.
import type { SystemUpdate } from "../../protocol/index.gen";
import type { Panel } from "../../session/panel";
import { applySystem, type SystemState, systemState } from "./state";

export const panel: Panel<SystemState, SystemUpdate> = {
	name: "system",
	kinds: ["system_listed", "system_sampled"],
	state: systemState,
	apply: applySystem,
	has_content: (run) => systemState.of(run).measures.length > 0,
	asset: {
		name: "system",
		needs: ["lines"],
		title: "System",
		missing: "Nothing yet. A run that trains in this kernel is sampled once a second.",
	},
};
