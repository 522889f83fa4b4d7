// Icons of panels, whose code a page fetches when it needs it.
import { drawn } from "./icons";

const PATHS = {
	copy: "M5 1.5h7.5A1.5 1.5 0 0 1 14 3v8.5h-1.4V2.9H5zM3.3 4.2h6.4A1.3 1.3 0 0 1 11 5.5v7.7a1.3 1.3 0 0 1-1.3 1.3H3.3A1.3 1.3 0 0 1 2 13.2V5.5a1.3 1.3 0 0 1 1.3-1.3zm.1 1.4v7.5h6.2V5.6z",
	down: "M7.3 2.5h1.4v7.6l3-3 1 1L8 12.8 3.3 8.1l1-1 3 3z",
	table:
		"M2 2.5h12v11H2zm1.3 1.3v2h9.4v-2zm0 3.2v2h4V7zm5.3 0v2h4.1V7zm-5.3 3.2v2h4v-2zm5.3 0v2h4.1v-2z",
	expand:
		"M9.5 2H14v4.5h-1.4V4.4L9.9 7.1l-1-1 2.7-2.7H9.5zM2 9.5h1.4v2.1l2.7-2.7 1 1-2.7 2.7h2.1V14H2z",
	pin: "M5 1.5h6v1.3l-1 .8v3.2l2 2v1.4H8.7v4.3L8 15.5l-.7-1v-4.3H4V8.8l2-2V3.6l-1-.8z",
	save: "M7.3 1.8h1.4v5.7l2-2 1 1L8 10.2 4.3 6.5l1-1 2 2zM2.2 9.7h1.4v2.9h8.8V9.7h1.4V14H2.2z",
} as const;

/** An icon by its name. */
export function panelIcon(name: keyof typeof PATHS): SVGSVGElement {
	return drawn(PATHS[name]);
}
