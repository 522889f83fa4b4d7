// The mesh panel: meshes and clouds of points in space. Its drawing is an asset.
import type { MeshesAdded } from "../../protocol/index.gen";
import type { ItemIndex } from "../../session/item-index";
import type { Panel } from "../../session/panel";
import { recallItem } from "../../session/replay";
import { applyMesh, meshState } from "./state";

export const panel: Panel<ItemIndex, MeshesAdded> = {
	name: "mesh",
	kinds: ["meshes_added"],
	state: meshState,
	apply: applyMesh,
	has_content: (run) => meshState.of(run).entries.size > 0,
	steps: (run) => meshState.of(run).steps,
	recall: (question, recorded) =>
		question.kind === "send_mesh" ? recallItem(question, recorded) : undefined,
	asset: {
		name: "mesh",
		needs: ["items"],
		title: "Meshes",
		missing: "Nothing yet. run.log_mesh brings it.",
	},
};
