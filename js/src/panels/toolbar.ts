import { element, type Mount } from "./panel";

export const mountToolbar: Mount = (host) => {
	const root = element("div", "nbviz-toolbar");
	host.append(root);
	return () => root.remove();
};
