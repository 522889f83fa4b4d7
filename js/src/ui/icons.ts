// Small icons as inline SVG, drawn with the colour of the text beside them.

const PATHS = {
	start: "M4.5 2.7v10.6a.6.6 0 0 0 .92.5l8.2-5.3a.6.6 0 0 0 0-1L5.42 2.2a.6.6 0 0 0-.92.5z",
	pause: "M4 2.5h2.6v11H4zM9.4 2.5H12v11H9.4z",
	step: "M3 3.2v9.6a.5.5 0 0 0 .78.42L10.4 8.4a.5.5 0 0 0 0-.84L3.78 2.78A.5.5 0 0 0 3 3.2zM11 2.5h2.2v11H11z",
	stop: "M4 3h8a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z",
	chevron: "M5.3 3.6 6.4 2.5 11.9 8l-5.5 5.5-1.1-1.1L9.7 8z",
	close: "M4 2.9 8 6.9l4-4L13.1 4l-4 4 4 4-1.1 1.1-4-4-4 4L2.9 12l4-4-4-4z",
	copy: "M5 1.5h7.5A1.5 1.5 0 0 1 14 3v8.5h-1.4V2.9H5zM3.3 4.2h6.4A1.3 1.3 0 0 1 11 5.5v7.7a1.3 1.3 0 0 1-1.3 1.3H3.3A1.3 1.3 0 0 1 2 13.2V5.5a1.3 1.3 0 0 1 1.3-1.3zm.1 1.4v7.5h6.2V5.6z",
	down: "M7.3 2.5h1.4v7.6l3-3 1 1L8 12.8 3.3 8.1l1-1 3 3z",
	table:
		"M2 2.5h12v11H2zm1.3 1.3v2h9.4v-2zm0 3.2v2h4V7zm5.3 0v2h4.1V7zm-5.3 3.2v2h4v-2zm5.3 0v2h4.1v-2z",
	expand:
		"M9.5 2H14v4.5h-1.4V4.4L9.9 7.1l-1-1 2.7-2.7H9.5zM2 9.5h1.4v2.1l2.7-2.7 1 1-2.7 2.7h2.1V14H2z",
	pin: "M5 1.5h6v1.3l-1 .8v3.2l2 2v1.4H8.7v4.3L8 15.5l-.7-1v-4.3H4V8.8l2-2V3.6l-1-.8z",
	reset: "M8 2.6V.7L4.6 3.5 8 6.3V4.1a4.4 4.4 0 1 1-4.4 4.4H2.1A5.9 5.9 0 1 0 8 2.6z",
	more: "M3 6.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zm5 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zm5 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z",
	save: "M7.3 1.8h1.4v5.7l2-2 1 1L8 10.2 4.3 6.5l1-1 2 2zM2.2 9.7h1.4v2.9h8.8V9.7h1.4V14H2.2z",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon of 16 units a side; hidden from screen readers, which read the label beside it. */
export function icon(name: IconName): SVGSVGElement {
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	svg.setAttribute("viewBox", "0 0 16 16");
	svg.setAttribute("class", "nbviz-icon");
	svg.setAttribute("aria-hidden", "true");
	const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
	path.setAttribute("d", PATHS[name]);
	svg.append(path);
	return svg;
}
