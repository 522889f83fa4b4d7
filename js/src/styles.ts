// The style sheets of the bundle, in the order in which they cascade; assets bring their own.
import base from "./styles/base.css";
import chart from "./styles/chart.css";
import curves from "./styles/curves.css";
import log from "./styles/log.css";
import tokens from "./styles/tokens.css";
import toolbar from "./styles/toolbar.css";
import weights from "./styles/weights.css";

export const styles = [tokens, base, toolbar, curves, chart, weights, log].join("\n");
