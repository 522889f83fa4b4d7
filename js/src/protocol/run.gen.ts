// Generated from nbviz/protocol/run.py by generate_protocol.py. Do not edit.

export type RunStatus = "ready" | "running" | "paused" | "stopping" | "finished" | "stopped" | "failed";

export type EventKind = "started" | "command" | "validation" | "warning" | "fault" | "ended";

export type FaultName = "high_lr" | "dead_relu" | "vanishing_init" | "label_noise" | "no_shuffle";

export type ValueScale = "linear" | "log";

/** A value of the run that can be changed while it runs, such as a learning rate. */
export interface Setting {
	name: string;
	value: number;
	minimum: number;
	maximum: number | null;
	scale: "linear" | "log";
	driver: string;
}

/** Something that happened to a run; drawn as a mark on its curves. */
export interface Event {
	event: "started" | "command" | "validation" | "warning" | "fault" | "ended";
	step: number;
	wall_time: number;
	text: string;
}

/** A run that the page does not know yet. */
export interface RunAdded {
	kind: "run_added";
	run_id: string;
	name: string;
	started_at: number;
	again: string;
	commands: string[];
	is_earlier: boolean;
}

/** Where a run is now. */
export interface RunChanged {
	kind: "run_changed";
	run_id: string;
	status: "ready" | "running" | "paused" | "stopping" | "finished" | "stopped" | "failed";
	started_at: number;
	step: number;
	total_steps: number | null;
	epoch: number;
	total_epochs: number | null;
	steps_per_second: number | null;
	eta_seconds: number | null;
	elapsed_seconds: number;
	overhead: number | null;
	overhead_text: string;
	device: string;
	memory_bytes: number | null;
	memory_total: number | null;
	status_text: string;
	notices: string[];
	dropped_frames: number;
}

/** What can be set on the run, and its values now. */
export interface SettingsChanged {
	kind: "settings_changed";
	run_id: string;
	settings: Setting[];
}

/** Epochs that began: `steps[i]` is the step completed before epoch `first_epoch + i`. */
export interface EpochsStarted {
	kind: "epochs_started";
	run_id: string;
	first_epoch: number;
	steps: number[];
}

/** Events to mark on the curves. */
export interface EventsRecorded {
	kind: "events_recorded";
	run_id: string;
	events: Event[];
}

/** How a run can go back to earlier steps, and what is being done of that. */
export interface GoingBackChanged {
	kind: "going_back_changed";
	run_id: string;
	refused: string;
	kept: number[];
	reach: number[];
	step_seconds: number | null;
	doing: string;
	first: number;
	last: number;
	at: number;
	outcome: string;
	is_failure: boolean;
	outcome_run: string;
	outcome_panel: string;
	number: number;
}

/** The phase of a step after which a run stands, or stood last. */
export interface PhaseChanged {
	kind: "phase_changed";
	run_id: string;
	step: number;
	phase: string;
	phases: string[];
	text: string;
}

/** A run that trains, and that no page shows. */
export interface UnseenRun {
	run_id: string;
	text: string;
}

/** The runs that train in this notebook without a view, in place of those sent before. */
export interface UnseenChanged {
	kind: "unseen_changed";
	runs: UnseenRun[];
}

/** Steer a run: start, pause, rewind and so on, with the arguments of the trainer's method. Of what goes back in time the answer comes when it has begun; `GoingBackChanged` says the rest. */
export interface Control {
	kind: "control";
	client_id: string;
	request_id: number;
	run_id: string;
	name: string;
	arguments: Record<string, unknown>;
}

/** Show a run of `UnseenChanged` in this view, or stop it. */
export interface ActOnUnseen {
	kind: "act_on_unseen";
	client_id: string;
	request_id: number;
	run_id: string;
	act: "show" | "stop";
}

/** What comes unasked. */
export type RunUpdate = RunAdded | RunChanged | SettingsChanged | GoingBackChanged | PhaseChanged | EpochsStarted | EventsRecorded | UnseenChanged;
