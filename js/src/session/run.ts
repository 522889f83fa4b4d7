// A run as the page knows it.
import type {
	Event,
	GoingBackChanged,
	PhaseChanged,
	RunChanged,
	Setting,
} from "../protocol/index.gen";

/** What all panels may read of a run. */
export interface RunState {
	readonly run_id: string;
	name: string;
	commands: string[];
	/** What a start adds after the end, such as 40 epochs; "" where that has no end. */
	again: string;
	/** The cell made it before it ran again, or was rewound: drawn grey, and no part of a comparison. */
	is_earlier: boolean;
	/** Position among the page's runs. */
	readonly index: number;
	/** Decides its colour, dashes and marks: its position, unless another was chosen. */
	style: number;
	progress: RunChanged | undefined;
	settings: Setting[];
	/** How it can go back to earlier steps; undefined where it has no such command. */
	going_back: GoingBackChanged | undefined;
	/** The phase of a step that is stepped into; undefined where none was. */
	phase?: PhaseChanged;
	/** `epochs[i]` is the step completed before epoch `i + 1`. */
	readonly epochs: number[];
	readonly events: Event[];
	/** It has a model, whose graph can be asked for. */
	has_model: boolean;
	/** The newest error in its log. */
	error: { readonly step: number; readonly text: string } | undefined;
	/** The state of each panel, by the panel's name; read through `PanelState`. */
	readonly panels: Map<string, unknown>;
}

/** The runs that are compared: all but one that the cell made before. */
export function comparedRuns({ runs }: { runs: ReadonlyMap<string, RunState> }): RunState[] {
	return [...runs.values()].filter((run) => !run.is_earlier);
}

/** Runs that are shown before anything was chosen; as in the kernel, `MOST_SHOWN` of session/feed.py. */
export const MOST_SHOWN = 20;

/** True once a run is over: it may be gone on with. */
export function hasEnded(run: RunState | undefined): boolean {
	const status = run?.progress?.status;
	return status === "finished" || status === "stopped" || status === "failed";
}

/** True while the run's thread is at work. */
export function isActive(run: RunState): boolean {
	const status = run.progress?.status;
	return status === "running" || status === "paused" || status === "stopping";
}
