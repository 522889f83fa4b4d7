import { element, type Mount } from "./panel";

export const mountLog: Mount = (host) => {
	const root = element("div", "nbviz-log");
	host.append(root);
	return () => root.remove();
};
