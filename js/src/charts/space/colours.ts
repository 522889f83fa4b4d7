// Colours as 32-bit pixels: categories that those with colour blindness tell apart, and values.
import { SHADES } from "./points";

export type Rgb = readonly [number, number, number];

/** Matthew Petroff, "Accessible Color Sequences for Data Visualization", 2021. */
const CATEGORIES = [
	0x3f90da, 0xffa90e, 0xbd1f01, 0x94a4a2, 0x832db6, 0xa96b59, 0xe76300, 0xb9ac70, 0x717581,
	0x92dadd,
] as const;
/** Further ten are darker, the ten after these lighter. */
const MIXES = [
	[0, 0],
	[0, 0.42],
	[255, 0.45],
] as const;
/** Viridis of matplotlib, by Smith and van der Walt. */
const VALUES = [
	0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b,
	0xfde725,
] as const;
export const VALUE_COLOURS = 64;
/** Of a colour, what is left of it in a dim point, and in the farthest point. */
const DIM = 0.16;
const FAR = 0.42;

/** Distinct colours of categories; with more they come again. */
export const CATEGORY_COLOURS = CATEGORIES.length * MIXES.length;

export function categoryColour(place: number): Rgb {
	const colour = split(CATEGORIES[place % CATEGORIES.length] ?? 0);
	const [to, share] = MIXES[Math.floor(place / CATEGORIES.length) % MIXES.length] ?? MIXES[0];
	return mix(colour, [to, to, to], share);
}

/** The colour of a value, 0 to 1; the ends that the surface would hide are left out. */
export function valueColour(share: number, isDark: boolean): Rgb {
	const place = (isDark ? 0.22 + 0.78 * share : 0.92 * share) * (VALUES.length - 1);
	const low = Math.min(VALUES.length - 2, Math.max(0, Math.floor(place)));
	return mix(split(VALUES[low] ?? 0), split(VALUES[low + 1] ?? 0), place - low);
}

/** The pixels of looks: of each colour bright then dim, `SHADES` of each, the farthest first. */
export function lookTable(colours: readonly Rgb[], surface: Rgb): Uint32Array {
	const table = new Uint32Array(colours.length * 2 * SHADES);
	for (const [place, colour] of colours.entries()) {
		for (let shade = 0; shade < SHADES; shade += 1) {
			const near = FAR + ((1 - FAR) * shade) / (SHADES - 1);
			table[place * 2 * SHADES + shade] = pixelOf(mix(surface, colour, near));
			table[(place * 2 + 1) * SHADES + shade] = pixelOf(mix(surface, colour, DIM * near));
		}
	}
	return table;
}

export function cssOf([r, g, b]: Rgb): string {
	return `rgb(${Math.round(r)} ${Math.round(g)} ${Math.round(b)})`;
}

/** A pixel as `ImageData` holds it on machines that store the lowest byte first, as all browsers' do. */
export function pixelOf([r, g, b]: Rgb): number {
	return ((255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
}

/** A CSS colour, which the browser reads. */
export function readColour(css: string, isDark: boolean): Rgb {
	const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	if (!context) return isDark ? [22, 24, 29] : [255, 255, 255];
	context.fillStyle = isDark ? "#16181d" : "#ffffff";
	context.fillRect(0, 0, 1, 1);
	context.fillStyle = css;
	context.fillRect(0, 0, 1, 1);
	const [r = 0, g = 0, b = 0] = context.getImageData(0, 0, 1, 1).data;
	return [r, g, b];
}

export function mix(one: Rgb, other: Rgb, share: number): Rgb {
	const at = (i: 0 | 1 | 2) => one[i] + (other[i] - one[i]) * share;
	return [at(0), at(1), at(2)];
}

function split(colour: number): Rgb {
	return [colour >> 16, (colour >> 8) & 255, colour & 255];
}
