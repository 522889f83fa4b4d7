// The x range that all charts share: everything, as it grows, or what the reader zoomed to.
import type { Range } from "../../charts/lines/axis";
import type { Curve, View } from "./chart-curves";
import { stepOfX, type Tracer } from "./traces";

/** The deepest zoom, as a share of everything. */
const LEAST_SHARE = 1e-6;

/** From the first to the last x value of `lines`; a single point gets a range around it.
 * Before the first one come the steps that are `expected`. */
export function extentOf(lines: readonly Curve[], tracer: Tracer, view: View, expected = 0): Range {
	let min = Number.POSITIVE_INFINITY;
	let max = Number.NEGATIVE_INFINITY;
	for (const line of lines) {
		const { series } = line;
		if (series.length === 0) continue;
		const x = tracer.x(line, view);
		if (series.isOrdered) {
			min = Math.min(min, x[0] ?? min);
			max = Math.max(max, x[series.length - 1] ?? max);
		} else {
			for (let i = 0; i < series.length; i++) {
				min = Math.min(min, x[i] ?? min);
				max = Math.max(max, x[i] ?? max);
			}
		}
		// A last bucket reaches further than its first point.
		if (view.xKind === "step") max = Math.max(max, series.last?.step ?? max);
	}
	if (min > max) return { min: 0, max: (view.xKind === "step" && expected) || 1 };
	return min === max ? { min: min - 0.5, max: max + 0.5 } : { min, max };
}

/** The steps that lie in an x range; undefined where no line has any. */
export function stepsIn(
	{ min, max }: Range,
	lines: readonly Curve[],
	tracer: Tracer,
	view: View,
): Range | undefined {
	let first = Number.POSITIVE_INFINITY;
	let last = Number.NEGATIVE_INFINITY;
	for (const line of lines) {
		const { series } = line;
		const x = tracer.x(line, view);
		const [start, end] = [x[0] ?? Number.NaN, x[series.length - 1] ?? Number.NaN];
		if (!(start <= max && end >= min)) continue;
		first = Math.min(first, stepOfX(series, x, Math.max(start, min)));
		last = Math.max(last, stepOfX(series, x, Math.min(end, max)));
	}
	return first <= last ? { min: first, max: last } : undefined;
}

export class SharedRange {
	constructor(
		private readonly view: View,
		/** The zoom includes the newest point, and follows it. */
		public isFollowing: boolean,
	) {}

	/** Shows `wanted` of `all`; a range that holds everything ends the zoom. */
	zoom(wanted: Range, all: Range): void {
		const span = all.max - all.min;
		const width = Math.max(wanted.max - wanted.min, span * LEAST_SHARE);
		if (width >= span) {
			this.view.zoom = undefined;
			return;
		}
		const min = Math.min(Math.max(wanted.min, all.min), all.max - width);
		this.view.zoom = { min, max: min + width };
		this.isFollowing = wanted.max >= all.max;
	}

	/** The range to draw now. A zoom that included the newest point follows it. */
	now(all: Range): Range {
		const { zoom } = this.view;
		if (!zoom) return all;
		if (!this.isFollowing || zoom.max >= all.max) return zoom;
		this.view.zoom = { min: zoom.min + all.max - zoom.max, max: all.max };
		return this.view.zoom;
	}
}
