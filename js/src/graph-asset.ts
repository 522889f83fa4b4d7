// The graph panel as an asset of its own, loaded with its style sheets when the panel is first seen.
import { mountGraph } from "./panels/graph";
import { element, type Mount } from "./panels/panel";
import graph from "./styles/graph.css";
import autograd from "./styles/graph-autograd.css";
import overlays from "./styles/graph-overlays.css";

export const mount: Mount = (host, context) => {
	const style = element("style");
	style.textContent = [graph, overlays, autograd].join("\n");
	host.append(style);
	const unmount = mountGraph(host, context);
	return () => {
		unmount();
		style.remove();
	};
};
