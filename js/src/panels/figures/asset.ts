// The drawing of the figures panel as an asset, loaded when a run has figures and the panel is first seen.
import heatmap from "../../charts/heatmap/heatmap.css";
import items from "../../items/items.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import figures from "./figures.css";
import { mountFigures } from "./panel";

export const version = VERSION;
export const mount = styled(mountFigures, shared, heatmap, items, figures);
