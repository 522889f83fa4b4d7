// Line charts for assets: the bundle holds them, and build.mjs has assets read these names from here.
import { xLabels } from "./axes";
import { tickLabels, xTicks, yTicks } from "./axis";
import { LineChart } from "./line";
import { Path } from "./pen";
import { Plotter, vertical } from "./plot";
import { position } from "./scale";
import { lowerBound, SeriesData } from "./series-data";

Object.assign(globalThis, {
	[Symbol.for(`nbviz.lines ${VERSION}`)]: {
		...{ LineChart, lowerBound, Path, Plotter, position, SeriesData },
		...{ tickLabels, vertical, xLabels, xTicks, yTicks },
	},
});
