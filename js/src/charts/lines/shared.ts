// Line charts for assets: the bundle holds them, and build.mjs has assets read these names from here.
import { xLabels } from "./axes";
import { tickLabels, xTicks, yTicks } from "./axis";
import { LineChart } from "./line";
import { escapeXml, Path, SvgPen } from "./pen";
import { Plotter, vertical } from "./plot";
import { position } from "./scale";
import { lowerBound, SeriesData } from "./series-data";

const axes = { xLabels, tickLabels, xTicks, yTicks };
const drawing = { LineChart, escapeXml, Path, SvgPen, Plotter, vertical, position };
Object.assign(globalThis, {
	[Symbol.for(`nbviz.lines ${VERSION}`)]: { ...axes, ...drawing, lowerBound, SeriesData },
});
