// All style sheets, in the order in which they cascade.
import base from "./styles/base.css";
import curves from "./styles/curves.css";
import graph from "./styles/graph.css";
import graphOverlays from "./styles/graph-overlays.css";
import log from "./styles/log.css";
import tokens from "./styles/tokens.css";
import toolbar from "./styles/toolbar.css";
import weights from "./styles/weights.css";

export const styles = [tokens, base, toolbar, curves, weights, graph, graphOverlays, log].join(
	"\n",
);
