// The toolbar: the run's state, progress and settings. What it shows is the run's own, so that it owns no
// updates.
import type { Panel } from "../../session/panel";
import { PanelState, unreachable } from "../../session/panel-data";
import { mountToolbar } from "./panel";
import toolbar from "./toolbar.css";

export const panel: Panel<undefined, never> = {
	name: "toolbar",
	kinds: [],
	state: new PanelState("toolbar", () => undefined),
	apply: (_state, update) => unreachable(update),
	has_content: () => true,
	mount: mountToolbar,
	styles: toolbar,
};
