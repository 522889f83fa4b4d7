// The heatmap as an asset of its own: the panels that draw one share it.
import * as cells from "./cells";
import * as colormaps from "./colormaps";
import * as heatmap from "./heatmap";

export const version = VERSION;

// build.mjs has other assets read these modules from here.
Object.assign(globalThis, {
	[Symbol.for(`nbviz.heatmap ${VERSION}`)]: { ...cells, ...colormaps, ...heatmap },
});
