// The curves panel: what was logged as scalars, as lines over the steps. Its drawing is an asset.
import type { SeriesData } from "../../charts/lines/series-data";
import type { CurvesUpdate } from "../../protocol/index.gen";
import type { Panel } from "../../session/panel";
import type { ModuleContent } from "../../session/panel-data";
import type { RunState } from "../../session/run";
import { formatNumber } from "../../ui/format";
import { newestValues } from "./newest";
import { applyCurves, type CurvesState, curvesState } from "./state";

/** Values of one module that are shown, at most. */
const MOST_VALUES = 8;

export const panel: Panel<CurvesState, CurvesUpdate> = {
	name: "curves",
	kinds: ["tags_expected", "series_added", "points_appended", "buckets_appended"],
	state: curvesState,
	apply: applyCurves,
	has_content: (run) => curvesState.of(run).series.length > 0,
	known: (run) => curvesState.of(run).series.length,
	ofModule,
	newest: (run) => newestValues(curvesState.of(run).series),
	asset: {
		name: "curves",
		needs: ["lines"],
		title: "Curves",
		missing: "",
		isAlwaysThere: true,
	},
};

/** What is recorded of a module: `weights/fc.weight/norm`, `activations/fc/mean`. */
function ofModule(run: RunState, path: string): ModuleContent {
	const series = curvesState
		.of(run)
		.series.filter(({ tag }) => isOfModule(tag, path))
		.slice(0, MOST_VALUES);
	return { values: series.flatMap(newest), keys: series.map(({ number }) => String(number)) };
}

function isOfModule(tag: string, path: string): boolean {
	const [kind, name = ""] = tag.split("/");
	const isOfModules = kind === "weights" || kind === "gradients" || kind === "activations";
	return path !== "" && isOfModules && (name === path || name.startsWith(`${path}.`));
}

function newest({ tag, last }: SeriesData): (readonly [string, string])[] {
	return last ? [[tag, formatNumber(last.value)]] : [];
}
