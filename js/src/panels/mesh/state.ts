// Which meshes of a run can be asked for; they themselves are loaded when they are seen.
import type { MeshesAdded, MeshSent } from "../../protocol/index.gen";
import { doubles } from "../../session/buffers";
import { ItemIndex } from "../../session/item-index";
import { PanelState } from "../../session/panel-data";

export const meshState = new PanelState<ItemIndex>("mesh", () => new ItemIndex());

/** A whole mesh. */
export type MeshContent = MeshSent & { readonly bytes: DataView };

export function applyMesh(
	index: ItemIndex,
	update: MeshesAdded,
	buffers: readonly DataView[],
): "mesh" {
	index.add(update, doubles(buffers[update.buffer]));
	return "mesh";
}
