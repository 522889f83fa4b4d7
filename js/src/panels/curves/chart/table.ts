// A chart as a table: some rows over the range in sight, newest first.

import type { Range } from "../../../charts/lines/axis";
import type { Trace } from "../../../charts/lines/trace";
import { readAt } from "../../../charts/readout";
import { element } from "../../../ui/element";
import { formatCount, formatNumber } from "../../../ui/format";

const ROWS = 20;

/** A table of up to 20 rows, spread evenly over the entries of the longest trace in `range`. */
export function curvesTable(title: string, traces: readonly Trace[], range: Range): HTMLElement {
	const head = ["Step", ...traces.map(({ name }) => name)].map((text) =>
		element("th", "", { scope: "col" }, text),
	);
	const rows = positions(traces, range).map((x) => {
		const readings = new Map(readAt(traces, x, range, 0).map((reading) => [reading.key, reading]));
		const step = [...readings.values()].find((reading) => reading.x === x)?.step ?? 0;
		const cells = traces.map(({ key }) => {
			const reading = readings.get(key);
			return element("td", "", {}, reading ? formatNumber(reading.value) : "–");
		});
		return element("tr", "", {}, element("th", "", { scope: "row" }, formatCount(step)), ...cells);
	});
	return element(
		"table",
		"",
		{},
		element("caption", "nbviz-hidden-text", {}, `Values of ${title}, newest first`),
		element("thead", "", {}, element("tr", "", {}, ...head)),
		element("tbody", "", {}, ...rows),
	);
}

/** x values of entries, newest first. */
function positions(traces: readonly Trace[], range: Range): number[] {
	let longest: number[] = [];
	for (const { x, columns } of traces) {
		const inside = [...x.subarray(0, columns.length)].filter(
			(value) => value >= range.min && value <= range.max,
		);
		if (inside.length > longest.length) longest = inside;
	}
	const every = Math.max(1, (longest.length - 1) / (ROWS - 1));
	const count = Math.min(ROWS, longest.length);
	return Array.from({ length: count }, (_, i) => longest.at(-1 - Math.round(i * every)) ?? 0);
}
