// What both plots of the run table draw.
import type { RunState } from "../../session/run";
import type { Theme } from "../../ui/theme";
import type { Column } from "./columns";

/** One run with what a plot needs to draw it. */
export interface PlotRun {
	readonly run: RunState;
	readonly isShown: boolean;
}

/** What a plot draws. */
export interface PlotContent {
	readonly runs: readonly PlotRun[];
	readonly columns: readonly Column[];
	readonly theme: Theme;
	readonly pointed: string | undefined;
}

export interface PlotListener {
	/** Runs within all ranges, by id; undefined while there is no range. */
	brush(ids: ReadonlySet<string> | undefined): void;
	point(run_id: string | undefined): void;
}

export function colourOf(run: RunState, theme: Theme): string {
	return theme.series[run.style % theme.series.length] ?? theme.text;
}
