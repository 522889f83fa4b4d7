// The drawing of the media panel as an asset, loaded when a run has media and the panel is first seen.
import heatmap from "../../charts/heatmap/heatmap.css";
import items from "../../items/items.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import media from "./media.css";
import { mountMedia } from "./panel";

export const version = VERSION;
export const mount = styled(mountMedia, shared, heatmap, items, media);
