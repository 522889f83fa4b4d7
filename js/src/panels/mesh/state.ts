// Which meshes of a run can be asked for; they themselves are loaded when they are seen.
import type { MeshSent } from "../../protocol/index.gen";
import { ItemIndex } from "../../session/item-index";
import { PanelState } from "../../session/panel-data";

export const meshState = new PanelState<ItemIndex>("mesh", () => new ItemIndex());

/** A whole mesh. */
export type MeshContent = MeshSent & { readonly bytes: DataView };
