// Small icons as inline SVG, drawn with the colour of the text beside them.

const PATHS = {
	start: "M4.5 2.7v10.6a.6.6 0 0 0 .92.5l8.2-5.3a.6.6 0 0 0 0-1L5.42 2.2a.6.6 0 0 0-.92.5z",
	pause: "M4 2.5h2.6v11H4zM9.4 2.5H12v11H9.4z",
	step: "M3 3.2v9.6a.5.5 0 0 0 .78.42L10.4 8.4a.5.5 0 0 0 0-.84L3.78 2.78A.5.5 0 0 0 3 3.2zM11 2.5h2.2v11H11z",
	stop: "M4 3h8a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z",
	chevron: "M5.3 3.6 6.4 2.5 11.9 8l-5.5 5.5-1.1-1.1L9.7 8z",
	close: "M4 2.9 8 6.9l4-4L13.1 4l-4 4 4 4-1.1 1.1-4-4-4 4L2.9 12l4-4-4-4z",
	reset: "M8 2.6V.7L4.6 3.5 8 6.3V4.1a4.4 4.4 0 1 1-4.4 4.4H2.1A5.9 5.9 0 1 0 8 2.6z",
	more: "M3 6.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zm5 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zm5 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon by its name. */
export function icon(name: IconName): SVGSVGElement {
	return drawn(PATHS[name]);
}

/** An icon of 16 units a side; hidden from screen readers, which read the label beside it. */
export function drawn(outline: string): SVGSVGElement {
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	svg.setAttribute("viewBox", "0 0 16 16");
	svg.setAttribute("class", "nbviz-icon");
	svg.setAttribute("aria-hidden", "true");
	const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
	path.setAttribute("d", outline);
	svg.append(path);
	return svg;
}
