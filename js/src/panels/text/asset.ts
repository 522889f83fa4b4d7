// The drawing of the text panel as an asset, loaded when a run has texts and the panel is first seen.
import heatmap from "../../charts/heatmap/heatmap.css";
import items from "../../items/items.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import { mountText } from "./panel";
import text from "./text.css";

export const version = VERSION;
export const mount = styled(mountText, shared, heatmap, items, text);
