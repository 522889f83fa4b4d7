// How each point looks: its colour by a label, and whether it is dim or not drawn.
import {
	CATEGORY_COLOURS,
	categoryColour,
	type Rgb,
	VALUE_COLOURS,
	valueColour,
} from "../../charts/space/colours";
import { HIDDEN } from "../../charts/space/points";
import { type Labels, labelText } from "./loader";

export interface Legend {
	/** The colours, in the order of their places. */
	readonly colours: readonly Rgb[];
	/** Of categories: each name, its colour's place, and how many points have it. */
	readonly categories: readonly { name: string; colour: number; count: number }[];
	/** Of values: the range that the colours cover. */
	readonly range: readonly [number, number] | undefined;
}

/** The colours of points by a column of labels; undefined gives all points one. */
export function legendOf(labels: Labels | undefined, accent: Rgb, isDark: boolean): Legend {
	if (labels?.codes) {
		const counts = new Array<number>(labels.column.names.length).fill(0);
		for (const code of labels.codes) counts[code] = (counts[code] ?? 0) + 1;
		const most = Math.min(CATEGORY_COLOURS, counts.length);
		return {
			colours: Array.from({ length: most }, (_, place) => categoryColour(place)),
			categories: labels.column.names.map((name, place) => ({
				name,
				colour: place % CATEGORY_COLOURS,
				count: counts[place] ?? 0,
			})),
			range: undefined,
		};
	}
	if (labels?.values) {
		let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
		for (const value of labels.values) {
			if (value < least) least = value;
			if (value > most && value < Number.POSITIVE_INFINITY) most = value;
		}
		const colours: Rgb[] = Array.from({ length: VALUE_COLOURS }, (_, place) =>
			valueColour(place / (VALUE_COLOURS - 1), isDark),
		);
		const grey: Rgb = [128, 128, 128];
		// The last is for what is no finite number.
		return {
			colours: [...colours, grey],
			categories: [],
			range: least <= most ? [least, most] : [0, 0],
		};
	}
	return { colours: [accent], categories: [], range: undefined };
}

export interface Marks {
	/** Categories that are not shown. */
	readonly hidden: ReadonlySet<number>;
	/** Points that the search found; undefined while nothing is looked for. */
	readonly found: ReadonlySet<number> | undefined;
	readonly selected: ReadonlySet<number>;
}

/** Writes the look of each point; returns whether some are dim. */
export function writeLooks(
	looks: Uint16Array,
	labels: Labels | undefined,
	{ range }: Legend,
	{ hidden, found, selected }: Marks,
): boolean {
	const [least, most] = range ?? [0, 0];
	const scale = most > least ? (VALUE_COLOURS - 1) / (most - least) : 0;
	const bright = found ?? (selected.size > 0 ? selected : undefined);
	let hasDim = false;
	for (let i = 0; i < looks.length; i += 1) {
		let colour = 0;
		if (labels?.codes) {
			const code = labels.codes[i] ?? 0;
			if (hidden.has(code)) {
				looks[i] = HIDDEN;
				continue;
			}
			colour = code % CATEGORY_COLOURS;
		} else if (labels?.values) {
			const value = labels.values[i] as number;
			colour = Number.isFinite(value) ? Math.round((value - least) * scale) : VALUE_COLOURS;
		}
		const isDim = bright !== undefined && !bright.has(i);
		hasDim ||= isDim;
		looks[i] = 2 * colour + (isDim ? 1 : 0);
	}
	return hasDim;
}

/** The points of which a label has the text in it, or whose number is the text. */
export function search(all: readonly Labels[], text: string, points: number): Set<number> {
	const wanted = text.trim().toLowerCase();
	const found = new Set<number>();
	const index = /^#(\d+)$/.exec(wanted);
	if (index) {
		const point = Number(index[1]);
		return point < points ? new Set([point]) : found;
	}
	for (const labels of all) {
		const { codes, column } = labels;
		if (codes) {
			const matching = new Set(
				column.names.flatMap((name, i) => (name.toLowerCase().includes(wanted) ? [i] : [])),
			);
			for (let i = 0; i < points; i += 1) if (matching.has(codes[i] ?? 0)) found.add(i);
		} else {
			for (let i = 0; i < points; i += 1)
				if (labelText(labels, i).toLowerCase().includes(wanted)) found.add(i);
		}
	}
	return found;
}

/** A bit for each point, the first of a byte its lowest, as base64. */
export function asBits(selected: Iterable<number>, points: number): string {
	const bytes = new Uint8Array(Math.ceil(points / 8));
	for (const point of selected) bytes[point >> 3] = (bytes[point >> 3] ?? 0) | (1 << (point & 7));
	let text = "";
	for (let i = 0; i < bytes.length; i += 8192)
		text += String.fromCharCode(...bytes.subarray(i, i + 8192));
	return btoa(text);
}
