// Generated from nbviz/protocol/curves.py by generate_protocol.py. Do not edit.

/** A tag and its number in this run, `series`; without points, also where the page had some. */
export interface SeriesAdded {
	kind: "series_added";
	run_id: string;
	series: number;
	tag: string;
}

/** Tags that a training is going to log; until then the page has empty charts of their names. */
export interface TagsExpected {
	kind: "tags_expected";
	run_id: string;
	tags: string[];
}

/** New points of several series. Buffer: float64. For each series in turn its `count` steps, then wall times in seconds since the run started, then values. */
export interface PointsAppended {
	kind: "points_appended";
	run_id: string;
	series: number[];
	counts: number[];
	buffer: number;
}

/** New points of several series, reduced to buckets of neighbours. Buffer: float64. For each series in turn seven columns of `count` entries: first step, wall time of the first point, minimum, maximum (both over all values but NaN), mean of the finite values, number of points, number of NaN. */
export interface BucketsAppended {
	kind: "buckets_appended";
	run_id: string;
	series: number[];
	counts: number[];
	buffer: number;
}

/** Ask for series between two steps (both included), at most `points` buckets each. */
export interface SendRange {
	kind: "send_range";
	client_id: string;
	request_id: number;
	run_id: string;
	series: number[];
	first_step: number;
	last_step: number;
	points: number;
}

/** Series over a range of steps in buckets, laid out as in `BucketsAppended`. */
export interface RangeSent {
	kind: "range_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	series: number[];
	counts: number[];
	buffer: number;
}

/** What comes unasked. */
export type CurvesUpdate = SeriesAdded | TagsExpected | PointsAppended | BucketsAppended;
