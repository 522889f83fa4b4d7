// Colour scales by the names that plotly has for them, as tables of 256 colours.
import { isRecord } from "../spec";

export type Rgb = readonly [number, number, number];

// Viridis by Smith and van der Walt; Cividis by Nuñez, Anderton and Renslow; the others as plotly.js
// documents them, from their ends and corners.
const SCALES: Readonly<Record<string, readonly string[]>> = {
	viridis: [
		...["#440154", "#482878", "#3e4989", "#31688e", "#26828e"],
		...["#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"],
	],
	cividis: ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"],
	hot: ["#000000", "#e60000", "#ffd200", "#ffffff"],
	electric: ["#000000", "#1e0064", "#78006e", "#a05a00", "#e6c800", "#fffadc"],
	rainbow: [
		...["#96005a", "#0000c8", "#0019ff", "#0098ff", "#2cff96"],
		...["#97ff00", "#ffea00", "#ff6f00", "#ff0000"],
	],
	jet: ["#000083", "#003caa", "#05ffff", "#ffff00", "#fa0000", "#800000"],
	portland: ["#0c3383", "#0a88ba", "#f2d338", "#f28f38", "#d91e1e"],
	picnic: ["#0000ff", "#3399ff", "#99ccff", "#ffffff", "#ff99cc", "#ff6699", "#ff0000"],
	earth: ["#000082", "#00b4b4", "#28d228", "#e6e632", "#784614", "#ffffff"],
	blackbody: ["#000000", "#e60000", "#e6d200", "#ffffff", "#a0c8ff"],
	bluered: ["#0000ff", "#ff0000"],
	rdbu: ["#050aac", "#6a89f7", "#bebebe", "#dcaa84", "#e6915a", "#b20a1c"],
	greys: ["#000000", "#ffffff"],
	blues: ["#051c5a", "#28507d", "#6496be", "#96c3d7", "#dcdcdc"],
	greens: ["#00441b", "#238b45", "#74c476", "#c7e9c0", "#f7fcf5"],
	reds: ["#dcdcdc", "#f5c39d", "#f5a069", "#b20a1c"],
	ylorrd: ["#800026", "#e31a1c", "#fd8d3c", "#fed976", "#ffffcc"],
	ylgnbu: ["#081d58", "#225ea8", "#41b6c4", "#c7e9b4", "#ffffd9"],
};

/** Red, green and blue of 256 colours from the lowest value to the highest. */
export function colourTable(scale: unknown): Uint8Array {
	const stops = stopsOf(scale);
	const table = new Uint8Array(256 * 3);
	for (let i = 0; i < 256; i += 1) table.set(along(stops, i / 255), i * 3);
	return table;
}

export function colourAt(table: Uint8Array, share: number): Rgb {
	const at = 3 * Math.max(0, Math.min(255, Math.round(share * 255)));
	return [table[at] ?? 0, table[at + 1] ?? 0, table[at + 2] ?? 0];
}

export function css([r, g, b]: Rgb, alpha = 1): string {
	return alpha < 1 ? `rgb(${r} ${g} ${b} / ${alpha})` : `rgb(${r} ${g} ${b})`;
}

/** A colour that a dark page does not hide. */
export function lifted([r, g, b]: Rgb): Rgb {
	const light = (0.3 * r + 0.59 * g + 0.11 * b) / 255;
	const share = Math.max(0, (LEAST_LIGHT - light) / (1 - light));
	const lift = (part: number) => Math.round(part + (255 - part) * share);
	return [lift(r), lift(g), lift(b)];
}

const LEAST_LIGHT = 0.42;

type Stop = readonly [number, Rgb];

function stopsOf(scale: unknown): readonly Stop[] {
	if (Array.isArray(scale)) {
		const given = scale.flatMap((stop): Stop[] => {
			const [at, colour] = Array.isArray(stop) ? stop : [];
			const rgb = parseColour(String(colour));
			return typeof at === "number" && rgb ? [[at, rgb]] : [];
		});
		if (given.length > 1) return given;
	}
	const name = (isRecord(scale) ? "" : String(scale)).toLowerCase().replace(/_r$/, "");
	const colours = SCALES[name] ?? SCALES.viridis ?? [];
	const stops = colours.map(
		(colour, i): Stop => [i / (colours.length - 1), parseColour(colour) ?? [0, 0, 0]],
	);
	return String(scale).toLowerCase().endsWith("_r")
		? stops.map(([at, rgb]): Stop => [1 - at, rgb]).reverse()
		: stops;
}

function along(stops: readonly Stop[], share: number): Rgb {
	let i = 1;
	while (i < stops.length - 1 && (stops[i]?.[0] ?? 1) < share) i += 1;
	const [from, a] = stops[i - 1] ?? [0, [0, 0, 0] as Rgb];
	const [to, b] = stops[i] ?? [1, a];
	const local = to > from ? Math.max(0, Math.min(1, (share - from) / (to - from))) : 0;
	const mix = (c: 0 | 1 | 2) => Math.round(a[c] + (b[c] - a[c]) * local);
	return [mix(0), mix(1), mix(2)];
}

/** A colour as #rrggbb, #rgb, rgb(…) or rgba(…); undefined for another form. */
export function parseColour(text: string): Rgb | undefined {
	const hex = /^#([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(text.trim())?.[1];
	if (hex) {
		const digits = hex.length === 3 ? [...hex].map((one) => one + one).join("") : hex;
		const value = Number.parseInt(digits, 16);
		return [value >> 16, (value >> 8) & 255, value & 255];
	}
	const parts = /^rgba?\(([^)]+)\)$/i.exec(text.trim())?.[1]?.split(/[\s,/]+/);
	if (!parts || parts.length < 3) return undefined;
	const [r, g, b] = parts.map(Number);
	return [r, g, b].every(Number.isFinite) ? [r as number, g as number, b as number] : undefined;
}
