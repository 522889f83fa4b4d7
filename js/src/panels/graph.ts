import { element, type Mount } from "./panel";

export const mountGraph: Mount = (host) => {
	const root = element("div", "nbviz-graph");
	host.append(root);
	return () => root.remove();
};
