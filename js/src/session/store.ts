// What the page knows of its runs. Only `apply` writes it: a run's own updates here, all others in the
// panel that owns their kind. Panels read it and redraw when they are notified of a change.
import type { RunAdded, RunUpdate, UnseenRun, Update } from "../protocol/index.gen";
import type { Answer } from "./asker";
import { type PanelData, unreachable } from "./panel-data";
import type { RunState } from "./run";
import { Listeners } from "./shared";

/** What changed in the store itself; a panel's own topics are named by the panel. */
export type RunTopic = "runs" | "progress" | "settings" | "epochs" | "events" | "unseen";
export type Topics = ReadonlySet<string>;

export class Store {
	readonly runs = new Map<string, RunState>();
	/** The runs that train in this notebook and are shown by no page. */
	unseen: readonly UnseenRun[] = [];
	/** Whether an answer or a sign of life from the kernel is overdue: busy, restarted or gone. */
	isSilent = false;
	/** Whether the kernel is gone: what is drawn is a picture of its runs. */
	isGone = false;
	/** Whether a snapshot has come: without one it is not known what there is to draw. */
	isFilled = false;
	private readonly owners: ReadonlyMap<string, PanelData>;
	private readonly listeners = new Listeners<[topics: Topics]>();
	private readonly changed = new Set<string>();
	private frame = 0;

	constructor(panels: readonly PanelData[]) {
		this.owners = new Map(panels.flatMap((panel) => panel.kinds.map((kind) => [kind, panel])));
	}

	/**
	 * Calls `listener` once per painted frame in which something changed. Returns a function that
	 * unsubscribes.
	 */
	subscribe(listener: (topics: Topics) => void): () => void {
		return this.listeners.subscribe(listener);
	}

	/** Forgets everything; a snapshot follows. */
	clear(): void {
		this.isFilled = true;
		this.runs.clear();
		this.unseen = [];
		this.mark("runs");
	}

	/** Applies one update. Returns it if it answers a request. */
	apply(update: Update, buffers: readonly DataView[]): Answer | undefined {
		if ("request_id" in update) return update;
		const owner = this.owners.get(update.kind);
		if (!owner || update.kind === "unseen_changed") {
			this.mark(this.applyToRun(update as RunUpdate));
			return undefined;
		}
		const run = this.run(update.run_id);
		this.mark(owner.apply(owner.state.of(run), update as never, buffers, run));
		return undefined;
	}

	setSilent(isSilent: boolean): void {
		if (isSilent === this.isSilent) return;
		this.isSilent = isSilent;
		this.mark("runs");
	}

	setGone(): void {
		if (this.isGone) return;
		this.isGone = true;
		this.setSilent(true);
	}

	/** Notifies the listeners in the next painted frame. */
	mark(topic: string): void {
		this.changed.add(topic);
		if (this.frame === 0) this.frame = requestAnimationFrame(() => this.flush());
	}

	private flush(): void {
		this.frame = 0;
		const topics = new Set(this.changed);
		this.changed.clear();
		this.listeners.notify(topics);
	}

	private applyToRun(update: RunUpdate): RunTopic {
		switch (update.kind) {
			case "run_added": {
				const known = this.runs.get(update.run_id);
				if (known) {
					known.name = update.name;
					known.commands = update.commands;
					known.again = update.again;
					known.is_earlier = update.is_earlier;
				} else this.runs.set(update.run_id, emptyRun(update, this.runs.size));
				return "runs";
			}
			case "run_changed":
				this.run(update.run_id).progress = update;
				return "progress";
			case "settings_changed":
				this.run(update.run_id).settings = update.settings;
				return "settings";
			case "going_back_changed":
				this.run(update.run_id).going_back = update;
				return "progress";
			case "phase_changed":
				this.run(update.run_id).phase = update;
				return "progress";
			case "epochs_started": {
				const { epochs } = this.run(update.run_id);
				for (const [i, step] of update.steps.entries()) epochs[update.first_epoch - 1 + i] = step;
				return "epochs";
			}
			case "events_recorded":
				this.run(update.run_id).events.push(...update.events);
				return "events";
			case "unseen_changed":
				this.unseen = update.runs;
				return "unseen";
			default:
				return unreachable(update);
		}
	}

	private run(run_id: string): RunState {
		const run = this.runs.get(run_id);
		if (!run) throw new Error(`update for the unknown run ${run_id}`);
		return run;
	}
}

function emptyRun(
	{ run_id, name, again, commands, is_earlier }: RunAdded,
	index: number,
): RunState {
	return {
		run_id,
		name,
		again,
		commands,
		is_earlier,
		index,
		style: index,
		progress: undefined,
		settings: [],
		going_back: undefined,
		epochs: [],
		events: [],
		has_model: false,
		error: undefined,
		panels: new Map(),
	};
}
