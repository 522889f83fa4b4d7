// The half of a panel that takes what the kernel sends: the kinds of updates that only it shows, and
// its state for each run.
import type { RunUpdate, Update } from "../protocol/index.gen";
import type { Answer, Question } from "./asker";
import type { RunState } from "./run";

/** Updates that belong to panels: neither answers nor a run's own. */
export type PanelUpdate = Exclude<Update, Answer | RunUpdate>;

export interface PanelData<S = unknown, U extends PanelUpdate = PanelUpdate> {
	readonly name: string;
	/** The updates that it owns. */
	readonly kinds: readonly U["kind"][];
	readonly state: PanelState<S>;
	/** Takes an update into its state. Returns the topic of which listeners are notified. */
	apply(state: S, update: U, buffers: readonly DataView[], run: RunState): string;
	/** Whether it has something to show of a run. */
	has_content(run: RunState): boolean;
	/** How many keys the page knows of a run; the kernel sends newer ones without being asked. */
	known?(run: RunState): number;
	/** The steps, rising, at which it shows something of its own; the time line goes over those of all. */
	steps?(run: RunState): readonly number[];
	/** Names of the model's parameters, as far as it knows them. */
	parameters?(run: RunState): readonly string[];
	/** The tags of its items. */
	tags?(run: RunState): readonly string[];
	/** What it has of a module, by the module's path. */
	ofModule?(run: RunState, path: string): ModuleContent;
	/** Its newest values that say best how a run does. */
	newest?(run: RunState): readonly NewestValue[];
	/** Answers a request from what a page without a kernel holds; undefined if it cannot. */
	recall?(question: Question, recorded: readonly Answer[]): Answer | undefined;
}

export interface NewestValue {
	readonly label: string;
	/** Undefined while none has come. */
	readonly value: number | undefined;
	/** The step from which on it is NaN or infinite; undefined while it is not. */
	readonly brokenSince: number | undefined;
	/** What is to be wanted in the panel for it to be sent. */
	readonly key: string;
}

/** What a panel has of one module of the run's model. */
export interface ModuleContent {
	/** Newest values by their names. */
	readonly values?: readonly (readonly [name: string, value: string])[];
	/** What is to be wanted in the panel for these values to be sent. */
	readonly keys?: readonly string[];
	/** The panel shows something of the module once it is selected. */
	readonly isShown?: boolean;
	/** The label of a button that leads to it in the panel. */
	readonly link?: string;
}

/** A panel's state for each run. */
export class PanelState<S> {
	constructor(
		private readonly name: string,
		private readonly create: () => S,
	) {}

	/** The state of a run; made at its first use. It is the same in the bundle and in assets. */
	of(run: RunState): S {
		if (!run.panels.has(this.name)) run.panels.set(this.name, this.create());
		return run.panels.get(this.name) as S;
	}
}

/** For the default of an exhaustive switch over a panel's kinds. */
export function unreachable(kind: never): never {
	throw new Error(`unknown update ${JSON.stringify(kind)}`);
}
