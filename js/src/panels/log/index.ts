// The log panel: prints, warnings, errors and events. Its drawing is an asset.
import type { LogUpdate } from "../../protocol/index.gen";
import type { Panel } from "../../session/panel";
import { applyLog, type LogState, logState } from "./state";

export const panel: Panel<LogState, LogUpdate> = {
	name: "log",
	kinds: ["lines_appended"],
	state: logState,
	apply: applyLog,
	has_content: (run) => logState.of(run).lines.length > 0,
	asset: {
		name: "log",
		title: "Log",
		missing: "",
		isEager: true,
		// Something happens in every run.
		isExpected: () => true,
	},
};
