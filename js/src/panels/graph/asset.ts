// The drawing of the graph panel as an asset, loaded when a run has a model and the panel is first seen.
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import autograd from "./autograd.css";
import graph from "./graph.css";
import overlays from "./overlays.css";
import { mountGraph } from "./panel";

export const version = VERSION;
export const mount = styled(mountGraph, shared, graph, overlays, autograd);
