// From lines to what charts draw: their x values, smoothing, finer points and marks.
import { type Epochs, epochAt, epochsOf, type XKind, xColumn } from "../../charts/lines/axis";
import type { EventMark } from "../../charts/lines/marks";
import type { SeriesData } from "../../charts/lines/series-data";
import { type Best, bestOf, type Trace } from "../../charts/lines/trace";
import { smooth } from "../../charts/smoothing";
import { betterValues } from "../../charts/tags";
import type { RunState } from "../../session/run";
import type { Theme } from "../../ui/theme";
import type { Curve, View } from "./chart-curves";
import type { Details } from "./details";

interface Prepared {
	version: number;
	epochs: number;
	xKind: XKind;
	smoothing: number;
	points: number;
	x: Float64Array;
	smoothed: Float64Array | undefined;
	best: Best | undefined;
}

/** Makes traces of lines; what did not change since the last frame is not computed again. */
export class Tracer {
	private readonly prepared = new WeakMap<SeriesData, Prepared>();

	/** `points` is how many the densest series of the line's chart has. */
	trace(line: Curve, points: number, view: View, details: Details, theme: Theme): Trace {
		const { run, series } = line;
		const smoothing = line.isSetting ? 0 : view.smoothing;
		const { x, smoothed, best } = this.prepare(run, series, view.xKind, smoothing, points);
		const detail = details.of(series);
		const epochs = epochsOf(run.epochs, run.progress);
		return {
			key: line.key,
			name: line.name,
			color: line.isEarlier
				? theme.textSoft
				: (theme.series[line.color % theme.series.length] ?? theme.text),
			isDashed: line.isDashed,
			style: line.isStyled && !line.isEarlier ? line.color : undefined,
			columns: series,
			x,
			smoothed,
			best: line.isEarlier ? undefined : best,
			detail: detail && {
				columns: detail.columns,
				x: xColumn(view.xKind, detail.columns, epochs),
				range: {
					min: xOfStep(series, x, detail.first, view.xKind, epochs),
					max: xOfStep(series, x, detail.last, view.xKind, epochs),
				},
			},
		};
	}

	/** The x value of each of the series' entries. */
	x(line: Curve, view: View): Float64Array {
		const before = this.prepared.get(line.series);
		const { smoothing = 0, points = 0 } = before ?? {};
		return this.prepare(line.run, line.series, view.xKind, smoothing, points).x;
	}

	private prepare(
		run: RunState,
		series: SeriesData,
		xKind: XKind,
		smoothing: number,
		points: number,
	): Prepared {
		const before = this.prepared.get(series);
		const { version } = series;
		const epochs = run.epochs.length;
		const isSame = before?.version === version;
		const sameX = isSame && before.xKind === xKind && before.epochs === epochs;
		const sameSmoothing =
			isSame && before.smoothing === smoothing && (smoothing === 0 || before.points === points);
		if (sameX && sameSmoothing) return before;
		const x = sameX ? before.x : xColumn(xKind, series, epochsOf(run.epochs, run.progress));
		const better = betterValues(series.tag);
		const made: Prepared = {
			version,
			epochs,
			xKind,
			smoothing,
			points,
			x,
			best: sameX ? before.best : better && bestOf({ columns: series, x }, better),
			smoothed: sameSmoothing
				? before.smoothed
				: smoothing > 0
					? smooth(series, smoothing, points, before?.smoothed)
					: undefined,
		};
		this.prepared.set(series, made);
		return made;
	}
}

/** Where a step lies on the x axis of a run. */
export function xOfStep(
	series: SeriesData,
	x: Float64Array,
	step: number,
	kind: XKind,
	epochs: Epochs,
): number {
	if (kind === "step" || (kind === "epoch" && epochs.starts.length === 0)) return step;
	if (kind === "epoch") return epochAt(step, epochs);
	return interpolate(series.steps, x, series.length, step);
}

/** The step at `value` on the x axis. */
export function stepOfX(series: SeriesData, x: Float64Array, value: number): number {
	return interpolate(x, series.steps, series.length, value);
}

/** The run's events at their place on the x axis. */
export function eventMarks(line: Curve, view: View, x: Float64Array): EventMark[] {
	const { run, series } = line;
	const epochs = epochsOf(run.epochs, run.progress);
	return run.events.map((event) => ({
		kind: event.event,
		text: event.text,
		x: view.xKind === "time" ? event.wall_time : xOfStep(series, x, event.step, view.xKind, epochs),
	}));
}

/** `to` at `value` of the rising column `from`, on the line between the two entries around it. */
function interpolate(from: Float64Array, to: Float64Array, length: number, value: number): number {
	if (length === 0) return 0;
	let low = 0;
	let high = length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((from[middle] ?? 0) < value) low = middle + 1;
		else high = middle;
	}
	if (low === 0) return to[0] ?? 0;
	if (low === length) return to[length - 1] ?? 0;
	const [a, b] = [from[low - 1] ?? 0, from[low] ?? 0];
	const [p, q] = [to[low - 1] ?? 0, to[low] ?? 0];
	return b > a ? p + ((q - p) * (value - a)) / (b - a) : q;
}
