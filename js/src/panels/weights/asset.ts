// The drawing of the weights panel as an asset, loaded when a run has a model and the panel is first seen.
import heatmap from "../../charts/heatmap/heatmap.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import { mountWeights } from "./panel";
import weights from "./weights.css";

export const version = VERSION;
export const mount = styled(mountWeights, shared, heatmap, weights);
