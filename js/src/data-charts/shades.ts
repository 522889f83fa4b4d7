// The colours of cells: a table of 256, as the weights' heatmaps have, from low to high.
import { type Colormap, colormap } from "../charts/heatmap/colormaps";
import type { Theme } from "../ui/theme";
import type { CellsData } from "./data";

export interface Shades {
	/** The place of a value in the table; 0 for what is not finite. */
	index(value: number): number;
	/** RGBA of a place. */
	readonly table: Uint8ClampedArray;
}

export function shadesOf(data: CellsData, theme: Theme): Shades {
	const map = colormap(data.palette, theme);
	const table = data.color ? withColor(map, data, theme) : map.colors;
	const { low, high } = data;
	const span = high / 2 - low / 2;
	return {
		table,
		index(value) {
			if (!Number.isFinite(value)) return 0;
			if (data.palette === "sign") {
				const share = high > 0 ? Math.max(-1, Math.min(1, value / high)) : 0;
				return 128 + Math.round(share * 127);
			}
			const share = span > 0 ? (value / 2 - low / 2) / span : 0;
			return 1 + Math.round(Math.max(0, Math.min(1, share)) * 254);
		},
	};
}

/** The table with the user's own colour at its upper end. */
function withColor(map: Colormap, { palette, color }: CellsData, theme: Theme): Uint8ClampedArray {
	const table = map.colors.slice();
	const from = palette === "sign" ? 128 : 1;
	const zero = table.slice(4 * from, 4 * from + 3);
	const end = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
	// On a dark page a dark colour would be as pale as nothing.
	const lift = theme.isDark ? 0.25 : 0;
	for (let index = from; index < 256; index += 1) {
		const share = (index - from) / (255 - from);
		for (const [channel, own] of end.entries()) {
			const lifted = own + (255 - own) * lift;
			const start = zero[channel] ?? 0;
			table[4 * index + channel] = start + (lifted - start) * share;
		}
	}
	return table;
}
