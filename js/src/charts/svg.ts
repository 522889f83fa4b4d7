// Charts as an SVG document: real lines and text, with the same axes as on the page.
import type { Theme } from "../ui/theme";
import { xLabels } from "./lines/axes";
import { type Range, tickLabels, type XKind, xTicks, yTicks } from "./lines/axis";
import { escapeXml, Path, SvgPen } from "./lines/pen";
import { type Plot, Plotter, vertical } from "./lines/plot";

const WIDTH = 560;
const HEIGHT = 320;
const MARGIN = { left: 58, right: 16, top: 58, bottom: 42 };
const LEAST_COLUMNS = 2;
const X_NAMES: Record<XKind, string> = { step: "step", epoch: "epoch", time: "time" };

/** A chart to export. */
export interface ChartPicture {
	readonly title: string;
	readonly plot: Plot;
	readonly xKind: XKind;
}

/** The charts side by side as one SVG document. */
export function toSvg(charts: readonly ChartPicture[], theme: Theme): string {
	// Many charts are about as wide as high together.
	const square = Math.floor(Math.sqrt((charts.length * HEIGHT) / WIDTH));
	const columns = Math.min(Math.max(LEAST_COLUMNS, square), Math.max(1, charts.length));
	const width = columns * WIDTH;
	const height = Math.max(1, Math.ceil(charts.length / columns)) * HEIGHT;
	const groups = charts.map((chart, i) => {
		const [x, y] = [(i % columns) * WIDTH, Math.floor(i / columns) * HEIGHT];
		return `<g transform="translate(${x} ${y})">${drawChart(chart, theme, i)}</g>`;
	});
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeXml(theme.font)}" font-size="11">`,
		`<rect width="${width}" height="${height}" fill="${escapeXml(theme.surface)}"/>`,
		...groups,
		"</svg>",
	].join("\n");
}

function drawChart({ title, plot, xKind }: ChartPicture, theme: Theme, index: number): string {
	const area = {
		left: MARGIN.left,
		top: MARGIN.top,
		width: WIDTH - MARGIN.left - MARGIN.right,
		height: HEIGHT - MARGIN.top - MARGIN.bottom,
		ratio: 1,
	};
	const plotter = new Plotter();
	const y = plotter.measure(plot, area.width, 1);
	const frame = new SvgPen();
	const bottom = area.top + area.height;
	frame.text(16, 24, title, theme.text, ' font-size="14" font-weight="600"');
	drawLegend(frame, title, plot, theme);
	const place = vertical(y, area, plot.isLog);
	const rule = new Path();
	const grid = { color: theme.grid, width: 1, alpha: 1 };
	const rows = yTicks(y, area.height / 34, plot.isLog);
	for (const [i, text] of tickLabels(rows, plot.isLog).entries()) {
		const py = place(rows[i] ?? 0);
		rule.clear().add(area.left, py);
		rule.add(area.left + area.width, py);
		frame.line(rule, grid);
		frame.text(area.left - 7, py + 4, text, theme.textSoft, ' text-anchor="end"');
	}
	const ticks = xTicks(xKind, plot.x, area.width / 70);
	for (const [i, text] of xLabels(xKind, ticks).entries()) {
		const px = across(ticks[i] ?? 0, plot.x, area.left, area.width);
		rule.clear().add(px, area.top);
		rule.add(px, bottom);
		frame.line(rule, grid);
		frame.text(px, bottom + 16, text, theme.textSoft, ' text-anchor="middle"');
	}
	const middle = area.left + area.width / 2;
	frame.text(middle, bottom + 32, X_NAMES[xKind], theme.textSoft, ' text-anchor="middle"');
	const inside = new SvgPen();
	plotter.draw(inside, plot, y, area, theme);
	const clip = `nbviz-clip-${index}`;
	return [
		`<clipPath id="${clip}"><rect x="${area.left}" y="${area.top}" width="${area.width}" height="${area.height}"/></clipPath>`,
		...frame.parts,
		`<g clip-path="url(#${clip})">`,
		...inside.parts,
		"</g>",
	].join("\n");
}

function drawLegend(pen: SvgPen, title: string, plot: Plot, theme: Theme): void {
	const [only] = plot.traces;
	// What is called like the chart needs no name twice.
	if (plot.traces.length === 1 && only?.name === title) return;
	let x = 16;
	const sample = new Path();
	for (const { name, color, isDashed } of plot.traces) {
		sample.clear().add(x, 41);
		sample.add(x + 18, 41);
		pen.line(sample, { color, width: 2, alpha: 1, dash: isDashed ? [5, 3] : [] });
		pen.text(x + 24, 45, name, theme.text);
		// There is nothing to measure text with here; this is wide enough for common faces.
		x += 40 + name.length * 6.2;
		if (x > WIDTH - 80) break;
	}
}

function across(value: number, { min, max }: Range, left: number, width: number): number {
	return left + ((value - min) / (max - min)) * width;
}
