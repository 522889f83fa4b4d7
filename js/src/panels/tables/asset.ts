// The drawing of tables as an asset, loaded when a run has one and the panel is first seen.

import heatmap from "../../charts/heatmap/heatmap.css";
import items from "../../items/items.css";
import wide from "../../items/wide.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import rows from "../../ui/virtual-rows.css";
import { mountTables } from "./panel";
import tables from "./tables.css";

export const version = VERSION;
export const mount = styled(mountTables, shared, heatmap, items, wide, rows, tables);
