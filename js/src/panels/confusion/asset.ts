// The drawing of the confusion panel as an asset, loaded when a run has a matrix and the panel is seen.

import heatmap from "../../charts/heatmap/heatmap.css";
import items from "../../items/items.css";
import wide from "../../items/wide.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import rows from "../../ui/virtual-rows.css";
import confusion from "./confusion.css";
import { mountConfusion } from "./panel";

export const version = VERSION;
export const mount = styled(mountConfusion, shared, heatmap, items, wide, rows, confusion);
