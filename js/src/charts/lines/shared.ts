// Line charts for assets: the bundle holds them, and build.mjs has assets read these names from here.
import { LineChart } from "./line";
import { position } from "./scale";
import { lowerBound, SeriesData } from "./series-data";

Object.assign(globalThis, {
	[Symbol.for(`nbviz.lines ${VERSION}`)]: { LineChart, position, lowerBound, SeriesData },
});
