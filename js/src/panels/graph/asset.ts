// The drawing of the graph panel as an asset, loaded when a run has a model and the panel is first seen.
import { styled } from "../../session/styled";
import autograd from "./autograd.css";
import graph from "./graph.css";
import overlays from "./overlays.css";
import { mountGraph } from "./panel";

export const version = VERSION;
export const mount = styled(mountGraph, graph, overlays, autograd);
