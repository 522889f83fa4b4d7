// The mesh panel: meshes and clouds of points in space. Its drawing is an asset.
import type { MeshUpdate } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

export const panel = itemPanel<MeshUpdate>("meshes_added", "send_mesh", {
	name: "mesh",
	title: "Meshes",
	by: "log_mesh brings",
});
