// The drawing of the histograms panel as an asset, loaded when a run has histograms and the panel is first seen.
import heatmap from "../../charts/heatmap/heatmap.css";
import items from "../../items/items.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import histograms from "./histograms.css";
import { mountHistograms } from "./panel";

export const version = VERSION;
export const mount = styled(mountHistograms, shared, heatmap, items, histograms);
