// The mesh panel: meshes and clouds of points in space. Its drawing is an asset.
import type { MeshesAdded } from "../../protocol/index.gen";
import type { ItemIndex } from "../../session/item-index";
import { itemsData } from "../../session/items-data";
import type { Panel } from "../../session/panel";
import { recallItem } from "../../session/replay";
import { meshState } from "./state";

export const panel: Panel<ItemIndex, MeshesAdded> = {
	...itemsData("mesh", "meshes_added", meshState),
	recall: (question, recorded) =>
		question.kind === "send_mesh" ? recallItem(question, recorded) : undefined,
	asset: {
		name: "mesh",
		needs: ["items"],
		title: "Meshes",
		missing: "Nothing yet. run.log_mesh brings it.",
	},
};
