// The curves panel.
import { element, type Mount } from "./panel";

export const mountCurves: Mount = (host, _context) => {
	const root = element("div", "nbviz-panel nbviz-curves");
	host.append(root);
	return () => root.remove();
};
