// The run table: its drawing is an asset.
import type { RunsUpdate } from "../../protocol/index.gen";
import type { Panel } from "../../session/panel";
import { applyRuns, type RunsState, runsState } from "./state";

export const panel: Panel<RunsState, RunsUpdate> = {
	name: "runs",
	kinds: ["run_described", "values_read"],
	state: runsState,
	apply: applyRuns,
	// One run alone is no comparison.
	has_content: ({ index, is_earlier }) => index > 0 && !is_earlier,
	asset: {
		name: "runs",
		needs: ["lines"],
		title: "Runs",
		missing: "One run. Compare more with nbviz.compare(…), or dashboard.add(run).",
		isEager: true,
	},
};
