// How runs are told apart: by colour, and by dashes or marks for those who do not see the colours.

/** Dashes and gaps in CSS pixels; as many as there are marks, and prime to the eight colours. */
const DASHES: readonly (readonly number[])[] = [
	[],
	[7, 3],
	[2, 2.5],
	[9, 3, 2, 3],
	[12, 5],
	[4, 2, 1.5, 2, 1.5, 2],
	[1.5, 4],
];
/** Corners of a mark, and how far it is turned, in parts of a circle. */
const MARKS = [
	[12, 0],
	[4, 1 / 8],
	[3, 3 / 4],
	[4, 0],
	[3, 1 / 4],
	[5, 3 / 4],
	[6, 0],
] as const;

export function dashOf(style: number): readonly number[] {
	return DASHES[style % DASHES.length] ?? [];
}

/** The corners of a run's mark around 0, 0, as x, y, x, y …, 1 from its middle. */
export function markOf(style: number): number[] {
	const [corners, turn] = MARKS[style % MARKS.length] ?? MARKS[0];
	const xy: number[] = [];
	for (let i = 0; i < corners; i++) {
		const angle = (i / corners + turn) * 2 * Math.PI;
		xy.push(Math.cos(angle), Math.sin(angle));
	}
	return xy;
}

/** A piece of a run's line with its mark, in the colour of the text around it. */
export function lineSample(style: number): SVGSVGElement {
	const make = <K extends "svg" | "path">(name: K, attributes: Record<string, string>) => {
		const made = document.createElementNS("http://www.w3.org/2000/svg", name);
		for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
		return made;
	};
	const mark = markOf(style).map((value, i) => value * 3.6 + (i % 2 ? 5 : 12));
	const svg = make("svg", {
		viewBox: "0 0 24 10",
		class: "nbviz-line-sample",
		"aria-hidden": "true",
	});
	const dash = dashOf(style).join(" ");
	svg.append(
		make("path", {
			d: "M0 5H24",
			stroke: "currentColor",
			"stroke-width": "2",
			"stroke-dasharray": dash,
		}),
		make("path", { d: `M${mark.join(" ")}Z`, fill: "currentColor" }),
	);
	return svg as SVGSVGElement;
}
