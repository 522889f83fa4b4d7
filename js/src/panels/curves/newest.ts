// The two values that say best how a run does: its loss, and the first measure beside it.
import type { SeriesData } from "../../charts/lines/series-data";
import { orderCharts, splitTag } from "../../charts/tags";
import type { NewestValue } from "../../session/panel-data";

const NOT_MEASURES = ["grad_norm"];

interface Picked {
	readonly of: number;
	readonly series: readonly SeriesData[];
}

/** What was picked of a run's series, until it has more of them. */
const picked = new WeakMap<readonly SeriesData[], Picked>();

/** The newest loss of training, and the newest first measure, of validation where there is one. */
export function newestValues(series: readonly SeriesData[]): NewestValue[] {
	let known = picked.get(series);
	if (known?.of !== series.length) {
		known = { of: series.length, series: pick(series.filter(Boolean)) };
		picked.set(series, known);
	}
	return known.series.map((one) => {
		const { tag, last, number } = one;
		const { chart, isValidation } = splitTag(tag);
		const label = isValidation ? `${chart}/val` : chart;
		return { label, value: last?.value, brokenSince: brokenSince(one), key: String(number) };
	});
}

/** The step of the first of the newest entries without any finite value. */
function brokenSince({ length, mean, steps }: SeriesData): number | undefined {
	let first = length;
	while (first > 0 && Number.isNaN(mean[first - 1])) first -= 1;
	return first < length ? steps[first] : undefined;
}

function pick(series: readonly SeriesData[]): SeriesData[] {
	const charts = new Map<string, SeriesData[]>();
	for (const one of series) {
		const { chart, isSetting } = splitTag(one.tag);
		if (isSetting || NOT_MEASURES.includes(chart)) continue;
		charts.set(chart, [...(charts.get(chart) ?? []), one]);
	}
	const [first = [], second = []] = orderCharts(charts.keys()).map((one) => charts.get(one) ?? []);
	const isValidation = ({ tag }: SeriesData) => splitTag(tag).isValidation;
	const loss = first.find((one) => !isValidation(one)) ?? first[0];
	const measure = second.find(isValidation) ?? second[0];
	return [loss, measure].filter((one) => one !== undefined);
}
