// The drawing of the mesh panel as an asset, loaded when a run has meshes and it is first seen.

import heatmap from "../../charts/heatmap/heatmap.css";
import space from "../../charts/space/space.css";
import items from "../../items/items.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import mesh from "./mesh.css";
import { mountMesh } from "./panel";

export const version = VERSION;
export const mount = styled(mountMesh, heatmap, shared, items, space, mesh);
