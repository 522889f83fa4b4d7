// What a box says, and how large that makes it: text is measured, so that none is ever cut.

import type { GraphNode } from "../../../protocol/index.gen";
import { formatCount } from "../../../ui/format";

export interface BoxText {
	/** Top left: the name, then the type more quietly. */
	readonly label: string;
	readonly type: string;
	/** Below it: the settings. */
	readonly detail: string;
	/** Right: parameters above, shape below. */
	readonly count: string;
	readonly shape: string;
	/** Below all of it, name and value line by line. */
	readonly attributes: readonly (readonly [string, string])[];
	readonly width: number;
	readonly height: number;
}

export type Measure = (text: string, kind: "label" | "small") => number;

const LONGEST = 40;
/** Of a longer text: names in a row differ at their ends. */
const LONGEST_END = 15;
const PAD = 12;
const BETWEEN = 14;
const BAR_ROOM = 7;
/** Height of an opened box's header. */
export const HEADER = 28;
/** Space at the left for the mark that shows whether a box is open. */
export const MARK = 16;

/** Measures with the fonts of graph.css at `root`. */
export function measurer(root: Element): Measure {
	const font = getComputedStyle(root).getPropertyValue("--nbviz-font").trim() || "sans-serif";
	const context = document.createElement("canvas").getContext("2d");
	const known = new Map<string, number>();
	return (text, kind) => {
		const key = `${kind}${text}`;
		let width = known.get(key);
		if (width === undefined) {
			if (context) {
				context.font = kind === "label" ? `600 12.5px ${font}` : `11px ${font}`;
				width = context.measureText(text).width;
			} else width = text.length * (kind === "label" ? 7.4 : 6.2);
			width = Math.ceil(width) + 1;
			known.set(key, width);
		}
		return width;
	};
}

/** Height of an attribute's line, and of the gap below the last. */
export const ATTRIBUTE = 15;
export const ATTRIBUTE_ROOM = 5;

/** The text of a node and the size of its box. */
export function textOf(node: GraphNode, measure: Measure, open: boolean): BoxText {
	const text = plainText(node, measure, open);
	if (open || node.attributes.length === 0) return { ...text, attributes: [] };
	const attributes = node.attributes.map(([name, value]) => [shortened(name), value] as const);
	const widths = attributes.map(
		([name, value]) => measure(name, "small") + BETWEEN + measure(value, "small"),
	);
	const width = Math.max(text.width, 2 * PAD + Math.max(...widths));
	const height = text.height + ATTRIBUTE * attributes.length + ATTRIBUTE_ROOM;
	return { ...text, attributes, width, height };
}

function plainText(node: GraphNode, measure: Measure, open: boolean): Omit<BoxText, "attributes"> {
	const isModule = node.kind === "module";
	const label = shortened(node.label);
	const type = isModule && node.type !== node.label ? shortened(node.type) : "";
	const detail = isModule ? shortened(node.detail) : "";
	const count = isModule && node.parameter_count > 0 ? shortCount(node.parameter_count) : "";
	const shape = node.kind === "operation" ? "" : shapesOf(node);
	const mark = 3 + (node.child_count > 0 ? MARK : 0);
	const first = mark + measure(label, "label") + (type ? 6 + measure(type, "small") : 0);
	const gap = (left: number, right: number) => left + (left && right ? BETWEEN : 0) + right;
	if (!isModule) {
		const width = Math.max(
			34,
			2 * PAD + gap(measure(label, "label"), shape ? measure(shape, "small") : 0),
		);
		return { label, type, detail, count, shape, width, height: 24 };
	}
	const top = gap(first, count ? measure(count, "small") : 0);
	if (open) return { label, type, detail, count, shape, width: 2 * PAD + top, height: HEADER };
	// Clear of the coloured bar at the left, too, where a shape stands alone.
	const clear = BAR_ROOM + measure(shape, "small");
	const below = detail
		? gap(mark + measure(detail, "small"), shape ? measure(shape, "small") : 0)
		: clear;
	return { label, type, detail, count, shape, width: 2 * PAD + Math.max(top, below), height: 44 };
}

export function shapesOf(node: GraphNode): string {
	const shapes = node.output_shapes.map(shapeText);
	return shapes.length > 2 ? `${shapes[0]} + ${shapes.length - 1}` : shapes.join(", ");
}

export function shapeText(shape: readonly number[]): string {
	return shape.length === 0 ? "scalar" : shape.map((n) => (n < 0 ? "?" : n)).join("×");
}

/** A count in at most four characters and a unit: 9.41 k. */
export function shortCount(count: number): string {
	const rounded = Number(count.toPrecision(3));
	for (const [size, unit] of UNITS) {
		// 999.6 k is 1 M.
		if (rounded >= size) return `${Number((rounded / size).toPrecision(3))} ${unit}`;
	}
	return formatCount(count);
}

const UNITS = [
	[1e12, "T"],
	[1e9, "G"],
	[1e6, "M"],
	[1e3, "k"],
] as const;

function shortened(text: string): string {
	const line = text.trim().replace(/\s+/g, " ");
	if (line.length <= LONGEST) return line;
	return `${line.slice(0, LONGEST - 1 - LONGEST_END)}…${line.slice(-LONGEST_END)}`;
}

const FAMILIES: readonly (readonly [RegExp, string])[] = [
	[/conv/i, "conv"],
	[/norm/i, "norm"],
	[/attention/i, "attention"],
	[/pool|interpolate|upsample/i, "pooling"],
	[
		/^(n?r?relu\d?_?|.*elu|.*lu_?|.*sigmoid|.*tanh|.*softmax|.*swish|.*mish|soft\w+)$/i,
		"activation",
	],
	[/lstm|gru|rnn/i, "recurrent"],
	[/embedding/i, "embedding"],
	[/linear|matmul|^[bm]?mm$|addmm|einsum/i, "linear"],
];

/** Which colour a box has, by what it does; "other" for what has none. */
export function familyOf(node: GraphNode): string {
	if (node.error) return "failed";
	if (node.kind === "input" || node.kind === "output") return node.kind;
	if (node.child_count > 0) return "block";
	return FAMILIES.find(([pattern]) => pattern.test(node.type))?.[1] ?? "other";
}
