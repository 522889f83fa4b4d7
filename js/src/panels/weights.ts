import { element, type Mount } from "./panel";

export const mountWeights: Mount = (host) => {
	const root = element("div", "nbviz-weights");
	host.append(root);
	return () => root.remove();
};
