// The inside of a chart: bands and lines, and the range of values that shows them.
import type { Theme } from "../../ui/theme";
import { dashOf } from "../run-style";
import type { Range } from "./axis";
import {
	type Area,
	drawClipped,
	drawDot,
	drawEvents,
	drawMarks,
	drawNonFinite,
	drawRing,
	type EventMark,
	nameFaults,
} from "./marks";
import { Path, type Pen } from "./pen";
import { Reduced, type Trace } from "./trace";

/** All that decides how a chart's inside looks. */
export interface Plot {
	readonly traces: readonly Trace[];
	readonly events: readonly EventMark[];
	readonly x: Range;
	/** Undefined: as the values in `x` need. */
	readonly y: Range | undefined;
	readonly isLog: boolean;
	readonly ignoresOutliers: boolean;
}

const OUTLIER_QUANTILES = [0.05, 0.95] as const;
const ENOUGH_FOR_QUANTILES = 20;
/** Up to so many points are drawn each, as a single point is no line. */
const SPARSE = 16;
/** With more lines than this, rings around their best values hide more than they tell. */
const RINGED = 4;
/** How much wider lines are that stand out. */
const BOLD = 1.5;

/** Draws plots; keeps its buffers from frame to frame. */
export class Plotter {
	private readonly reduced: Reduced[] = [];
	private readonly line = new Path();
	private readonly band = new Path();
	private means = new Float64Array(0);
	/** True if a log scale has no place for some of the values measured last. */
	leavesOut = false;
	/** True if values measured last lie outside of what clips outliers. */
	clips = false;

	/** Reduces the traces to `width` units, `ratio` to a CSS pixel, and says which y range shows them. */
	measure(plot: Plot, width: number, ratio: number): Range {
		let low = Number.POSITIVE_INFINITY;
		let high = Number.NEGATIVE_INFINITY;
		let entries = 0;
		this.leavesOut = this.clips = false;
		for (const [i, trace] of plot.traces.entries()) {
			this.reduced[i] ??= new Reduced();
			const reduced = this.reduced[i].fill(trace, plot.x, width, ratio);
			entries += reduced.length;
			for (let n = 0; n < reduced.length; n++) {
				const bottom = reduced.low[n] ?? 0;
				const top = reduced.high[n] ?? 0;
				if (bottom < low && (!plot.isLog || bottom > 0)) low = bottom;
				if (top > high) high = top;
				if (!plot.isLog || !(bottom <= 0)) continue;
				this.leavesOut = true;
				if (top > 0) low = Math.min(low, top);
			}
		}
		if (plot.y) return plot.y;
		if (plot.ignoresOutliers && entries >= ENOUGH_FOR_QUANTILES) {
			const [bottom, top] = [low, high];
			[low, high] = this.quantiles(plot.traces.length, entries, plot.isLog) ?? [low, high];
			const range = padded(low, high, plot.isLog);
			this.clips = bottom < range.min || top > range.max;
			return range;
		}
		return padded(low, high, plot.isLog);
	}

	/** Draws what `measure` reduced. */
	draw(pen: Pen, plot: Plot, y: Range, area: Area, theme: Theme): void {
		drawEvents(pen, plot.events, plot.x, area, theme);
		for (const [i, trace] of plot.traces.entries()) {
			const reduced = this.reduced[i];
			if (reduced) this.drawBand(pen, trace, reduced, plot, y, area);
		}
		for (const [i, trace] of plot.traces.entries()) {
			const reduced = this.reduced[i];
			if (reduced) this.drawLine(pen, trace, reduced, plot, y, area);
		}
		nameFaults(pen, plot.events, plot.x, area, theme);
		if (plot.traces.length > RINGED) return;
		const place = vertical(y, area, plot.isLog);
		const scale = area.width / (plot.x.max - plot.x.min);
		for (const { best, color, columns } of plot.traces) {
			if (!best || columns.length < 2 || !(best.x >= plot.x.min && best.x <= plot.x.max)) continue;
			const px = area.left + (best.x - plot.x.min) * scale;
			drawRing(pen, px, place(best.value), color, area.ratio);
		}
	}

	/** Draws those of the lines that `measure` reduced whose keys are given, so that they stand out. */
	drawBold(pen: Pen, plot: Plot, y: Range, area: Area, keys: ReadonlySet<string>): void {
		for (const [i, trace] of plot.traces.entries()) {
			const reduced = keys.has(trace.key) ? this.reduced[i] : undefined;
			if (!reduced) continue;
			this.drawBand(pen, trace, reduced, plot, y, area);
			this.drawLine(pen, trace, reduced, plot, y, area, BOLD);
		}
	}

	private drawBand(
		pen: Pen,
		trace: Trace,
		reduced: Reduced,
		plot: Plot,
		y: Range,
		area: Area,
	): void {
		if (!reduced.hasBand) return;
		const place = vertical(y, area, plot.isLog);
		const { band } = this;
		// Many runs' bands would hide their lines.
		const fade = (trace.style === undefined ? 1 : 0.4) * (trace.alpha ?? 1);
		band.clear();
		if (reduced.column > 0) {
			for (let n = 0; n < reduced.length; n++) {
				const top = place(reduced.high[n] ?? 0);
				const left = area.left + (reduced.px[n] ?? 0) - reduced.column / 2;
				band.add(left, top);
				band.add(reduced.column, Math.max(area.ratio, place(reduced.low[n] ?? 0) - top));
			}
			pen.boxes(band, trace.color, (trace.smoothed ? 0.25 : 0.32) * fade);
			return;
		}
		let start = 0;
		for (let n = 0; n <= reduced.length; n++) {
			if (n < reduced.length && !Number.isNaN(reduced.high[n])) {
				band.add(area.left + (reduced.px[n] ?? 0), place(reduced.high[n] ?? 0));
				continue;
			}
			for (let back = n - 1; back >= start; back--) {
				band.add(area.left + (reduced.px[back] ?? 0), place(reduced.low[back] ?? 0));
			}
			pen.fill(band, trace.color, (trace.smoothed ? 0.2 : 0.25) * fade);
			band.clear();
			start = n + 1;
		}
	}

	private drawLine(
		pen: Pen,
		trace: Trace,
		reduced: Reduced,
		plot: Plot,
		y: Range,
		area: Area,
		bold = 1,
	): void {
		const place = vertical(y, area, plot.isLog);
		const { line } = this;
		const { style, alpha = 1 } = trace;
		const scale = (pattern: readonly number[]) => pattern.map((length) => length * area.ratio);
		const dashed = scale(style !== undefined ? dashOf(style) : trace.isDashed ? [5, 3] : []);
		const [on, off] = [5 * area.ratio, 3 * area.ratio];
		// A canvas' own dashes follow a noisy line up and down, and are slow: there the columns of
		// pixels themselves are left out in turn.
		const isDense = reduced.column > 0;
		const leavesGaps = trace.isDashed && isDense && !trace.smoothed;
		const dash = isDense && !trace.smoothed ? [] : dashed;
		// Of one run's lines the validation's is the one that counts.
		const ofRun = trace.isDashed ? 2 : 1;
		const width = (style === undefined ? 1.6 : ofRun) * bold;
		const strength = bold > 1 ? 1 : alpha;
		const stroke = { color: trace.color, width: width * area.ratio, alpha: strength, dash };
		const visible = (value: number) => (plot.isLog ? value > 0 : !Number.isNaN(value));
		line.clear();
		let alone = 0;
		for (let n = 0; n < reduced.length; n++) {
			const value = reduced.mean[n] ?? Number.NaN;
			const isGap = leavesGaps && (reduced.px[n] ?? 0) % (on + off) >= on;
			if (visible(value) && !isGap) {
				line.add(area.left + (reduced.px[n] ?? 0), place(value));
				alone += 1;
			} else line.lift();
		}
		if (trace.smoothed) {
			if (!reduced.hasBand)
				pen.line(line, { ...stroke, width: area.ratio, alpha: 0.32 * strength, dash: [] });
			this.traceSmoothed(trace, trace.smoothed, plot, area, place);
		}
		pen.line(line, stroke);
		if (style !== undefined) drawMarks(pen, line, style, stroke.color, strength, area.ratio);
		if (alone <= SPARSE) {
			for (let n = 0; n < reduced.length; n++) {
				const value = reduced.mean[n] ?? Number.NaN;
				const fade = (trace.smoothed ? 0.45 : 1) * strength;
				if (!visible(value)) continue;
				drawDot(pen, area.left + (reduced.px[n] ?? 0), place(value), trace.color, fade, area.ratio);
			}
		}
		drawNonFinite(pen, trace.color, reduced, area);
		if (this.clips) drawClipped(pen, trace.color, reduced, y, area);
	}

	/** Puts the smoothed line into `this.line`: the last value of each pixel. */
	private traceSmoothed(
		{ columns, x }: Trace,
		smoothed: Float64Array,
		plot: Plot,
		area: Area,
		place: (value: number) => number,
	): void {
		const { line } = this;
		line.clear();
		const scale = area.width / (plot.x.max - plot.x.min);
		let before = Number.NEGATIVE_INFINITY;
		for (let i = 0; i < columns.length; i++) {
			const px = ((x[i] ?? 0) - plot.x.min) * scale;
			const value = smoothed[i] ?? Number.NaN;
			if (Number.isNaN(value) || (plot.isLog && value <= 0)) continue;
			// The nearest entry outside on either side leads the line to the edge.
			if (px < 0) line.clear();
			if (px - before < 0.75 * area.ratio && px >= 0 && i < columns.length - 1 && line.length > 2)
				continue;
			line.add(area.left + px, place(value));
			before = px;
			if (px > area.width && columns.isOrdered) break;
		}
	}

	private quantiles(traces: number, entries: number, isLog: boolean): [number, number] | undefined {
		if (this.means.length < entries) this.means = new Float64Array(2 * entries);
		let n = 0;
		for (const { mean, length } of this.reduced.slice(0, traces)) {
			for (let i = 0; i < length; i++) {
				const value = mean[i] ?? Number.NaN;
				if (!Number.isNaN(value) && (!isLog || value > 0)) this.means[n++] = value;
			}
		}
		if (n < ENOUGH_FOR_QUANTILES) return undefined;
		const sorted = this.means.subarray(0, n).sort();
		const [low, high] = OUTLIER_QUANTILES.map((share) => sorted[Math.round(share * (n - 1))] ?? 0);
		return low === undefined || high === undefined ? undefined : [low, high];
	}
}

/** From a value to its height on the drawing; kept near the area, as far canvases draw badly. */
export function vertical(y: Range, area: Area, isLog: boolean): (value: number) => number {
	const low = isLog ? Math.log10(y.min) : y.min;
	const high = isLog ? Math.log10(y.max) : y.max;
	const scale = area.height / (high - low);
	const bottom = area.top + area.height;
	const [least, most] = [area.top - area.height, bottom + area.height];
	return (value) => {
		const place = bottom - ((isLog ? Math.log10(value) : value) - low) * scale;
		// On a log scale, values up to 0 lie below everything: Math.log10 says NaN or -Infinity.
		return place >= least ? Math.min(place, most) : place < least ? least : most;
	};
}

/** A range with room above and below, and some height even if all values are equal. */
function padded(low: number, high: number, isLog: boolean): Range {
	if (low > high || !Number.isFinite(low) || !Number.isFinite(high)) {
		return isLog ? { min: 0.1, max: 1 } : { min: 0, max: 1 };
	}
	if (isLog) {
		const margin = high > low ? (high / low) ** 0.05 : 1.5;
		return { min: low / margin, max: high * margin };
	}
	const margin = high > low ? (high - low) * 0.05 : Math.abs(high) * 0.1 || 1;
	return { min: low - margin, max: high + margin };
}
