// The drawing of predictions as an asset, loaded when a run has such and they are seen.
import heatmap from "../../charts/heatmap/heatmap.css";
import items from "../../items/items.css";
import wide from "../../items/wide.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import { mountPredictions } from "./panel";
import predictions from "./predictions.css";

export const version = VERSION;
export const mount = styled(mountPredictions, shared, heatmap, items, wide, predictions);
