// Line charts as an asset of their own: the panels that draw them share it.
import * as axes from "./axes";
import * as axis from "./axis";
import * as gestures from "./gestures";
import * as line from "./line";
import * as marks from "./marks";
import * as pen from "./pen";
import * as plot from "./plot";
import * as scale from "./scale";
import * as seriesData from "./series-data";
import * as trace from "./trace";

export const version = VERSION;

// build.mjs has other assets read these modules from here.
Object.assign(globalThis, {
	[Symbol.for(`nbviz.lines ${VERSION}`)]: {
		...axes,
		...axis,
		...gestures,
		...line,
		...marks,
		...pen,
		...plot,
		...scale,
		...seriesData,
		...trace,
	},
});
