// The drawing of PR, ROC and calibration as an asset, loaded when a run has such curves and they are seen.

import heatmap from "../../charts/heatmap/heatmap.css";
import items from "../../items/items.css";
import wide from "../../items/wide.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import rows from "../../ui/virtual-rows.css";
import { mountRoc } from "./panel";
import roc from "./roc.css";

export const version = VERSION;
export const mount = styled(mountRoc, shared, heatmap, items, wide, rows, roc);
