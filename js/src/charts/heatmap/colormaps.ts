// Colour tables of 256 entries for values around zero and for magnitudes. Zero has the colour of the
// surface, so that it recedes in light and in dark. Colours are mixed in OKLab, where equal steps
// look equal (Björn Ottosson, "A perceptual color space for image processing", 2020).
import type { Theme } from "../../ui/theme";

/** Entry 0 stands for what is not a number; 1 to 255 for the limits of the scale, 128 for zero. */
export interface Colormap {
	/** RGBA, 256 × 4 bytes. */
	readonly colors: Uint8ClampedArray;
	/** Index 0 as a CSS colour, for the legend. */
	readonly notANumber: string;
}

export type Palette = "sign" | "magnitude";

type Lab = readonly [number, number, number];
/** Lightness 0–1, chroma, hue in degrees. */
type Lch = readonly [number, number, number];

const NOT_A_NUMBER: Lch = [0.86, 0.18, 95];
const LIGHT = {
	negative: [
		[0.66, 0.13, 252],
		[0.4, 0.16, 262],
	],
	positive: [
		[0.68, 0.16, 38],
		[0.42, 0.155, 27],
	],
	magnitude: [
		[0.68, 0.11, 200],
		[0.35, 0.13, 280],
	],
} as const;
const DARK = {
	negative: [
		[0.53, 0.15, 258],
		[0.84, 0.1, 235],
	],
	positive: [
		[0.55, 0.17, 32],
		[0.87, 0.1, 62],
	],
	magnitude: [
		[0.52, 0.13, 290],
		[0.9, 0.11, 180],
	],
} as const;

/** The colour table of a palette in the theme in force. */
export function colormap(palette: Palette, theme: Theme): Colormap {
	const ends = theme.isDark ? DARK : LIGHT;
	const zero = labOf(parseColor(theme.surface, theme.isDark));
	const colors = new Uint8ClampedArray(256 * 4);
	const put = (index: number, lab: Lab) => colors.set([...rgbOf(lab), 255], index * 4);
	put(0, fromLch(NOT_A_NUMBER));
	for (let index = 1; index < 256; index += 1) {
		const position = (index - 128) / 127;
		const stops =
			palette === "magnitude" ? ends.magnitude : position < 0 ? ends.negative : ends.positive;
		const share = palette === "magnitude" ? (index - 1) / 254 : Math.abs(position);
		put(index, along([zero, fromLch(stops[0]), fromLch(stops[1])], share));
	}
	const [r, g, b] = colors;
	return { colors, notANumber: `rgb(${r} ${g} ${b})` };
}

/** The index of a value in a table whose ends are ±limit (0 to limit for magnitudes). */
export function colorIndex(value: number, limit: number, palette: Palette): number {
	if (!Number.isFinite(value)) return 0;
	const share = limit > 0 ? value / limit : 0;
	if (palette === "magnitude") return 1 + Math.round(Math.min(1, Math.abs(share)) * 254);
	return 128 + Math.round(Math.max(-1, Math.min(1, share)) * 127);
}

function along(stops: readonly [Lab, Lab, Lab], share: number): Lab {
	const [from, to] = share < 0.5 ? [stops[0], stops[1]] : [stops[1], stops[2]];
	const local = share < 0.5 ? share * 2 : share * 2 - 1;
	const mix = (i: 0 | 1 | 2) => from[i] + (to[i] - from[i]) * local;
	return [mix(0), mix(1), mix(2)];
}

/** Red, green and blue (0–255) of a CSS colour, which the browser reads. */
function parseColor(color: string, isDark: boolean): readonly [number, number, number] {
	const context = document.createElement("canvas").getContext("2d");
	if (context) {
		context.fillStyle = isDark ? "#16181d" : "#ffffff";
		context.fillStyle = color;
		const hex = /^#(..)(..)(..)$/.exec(context.fillStyle);
		if (hex)
			return [hex[1], hex[2], hex[3]].map((part) => Number.parseInt(part ?? "0", 16)) as never;
	}
	return isDark ? [22, 24, 29] : [255, 255, 255];
}

function fromLch([lightness, chroma, hue]: Lch): Lab {
	const angle = (hue * Math.PI) / 180;
	return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
}

function labOf(rgb: readonly [number, number, number]): Lab {
	const [r, g, b] = rgb.map((byte) => {
		const share = byte / 255;
		return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
	}) as [number, number, number];
	const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
	const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
	const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
	return [
		0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
		1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
		0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
	];
}

function rgbOf([lightness, a, b]: Lab): number[] {
	const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
	const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
	const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
	const linear = [
		4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
		-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
		-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
	];
	return linear.map((part) => {
		const clamped = Math.max(0, part);
		return 255 * (clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * clamped ** (1 / 2.4) - 0.055);
	});
}
