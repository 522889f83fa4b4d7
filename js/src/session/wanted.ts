// Tells the kernel what one view shows: of what no view shows, nothing is sent or measured.
import type { Asker } from "./asker";
import type { PanelData } from "./panel-data";
import { isActive, MOST_SHOWN, type RunState } from "./run";
import type { Store } from "./store";

/** What a part of a view shows of a run. A panel says what a key is, and whether order counts. */
export interface Want {
	readonly run: RunState;
	readonly keys: readonly string[];
	/** While the page's tab is hidden, nothing is wanted. */
	readonly onlyVisible?: boolean;
	/** Is called with the kernel's reason if it refuses the keys. */
	readonly refused?: (reason: string) => void;
}

let views = 0;

export class Wanted {
	private readonly view = ++views;
	/** By panel, then by the part of the view that wants it. */
	private readonly wants = new Map<string, Map<string, readonly Want[]>>();
	/** What was sent for each run. A run that comes again in a snapshot is another object, without any. */
	private readonly sent = new Map<string, WeakMap<RunState, string>>();
	private isDue = false;

	constructor(
		private readonly asker: Asker,
		private readonly store: Store,
		private readonly panels: readonly PanelData[],
	) {
		if (asker.isLive) document.addEventListener("visibilitychange", this.sendSoon);
	}

	/** Replaces what the part `by` of this view shows in a panel, of all runs. */
	set(panel: string, by: string, wants: readonly Want[]): void {
		const parts = this.wants.get(panel) ?? new Map<string, readonly Want[]>();
		this.wants.set(panel, parts.set(by, wants));
		this.sendSoon();
	}

	/** The view was removed: it shows nothing any more. */
	stop(): void {
		document.removeEventListener("visibilitychange", this.sendSoon);
		for (const parts of this.wants.values()) parts.clear();
		if (this.asker.isLive) this.send();
	}

	/** Sends all the changes of this turn of the event loop together. */
	private readonly sendSoon = (): void => {
		if (!this.asker.isLive || this.isDue) return;
		this.isDue = true;
		queueMicrotask(() => {
			if (!this.isDue) return;
			this.send();
		});
	};

	private send(): void {
		this.isDue = false;
		for (const [name, parts] of this.wants) {
			const panel = this.panels.find((one) => one.name === name);
			const wants = [...parts.values()].flat();
			for (const run of this.store.runs.values()) {
				const known = panel?.known?.(run);
				this.sendOne(
					name,
					run,
					wants.filter((want) => want.run === run),
					known,
				);
			}
		}
	}

	private sendOne(
		panel: string,
		run: RunState,
		wants: readonly Want[],
		known: number | undefined,
	): void {
		const isHidden = document.visibilityState === "hidden";
		const shown = wants.filter(({ onlyVisible }) => !(onlyVisible && isHidden));
		const keys = [...new Set(shown.flatMap((want) => want.keys))];
		const sent = this.sent.get(panel) ?? new WeakMap<RunState, string>();
		this.sent.set(panel, sent);
		const request = JSON.stringify([known, keys]);
		const before = sent.get(run);
		const isFirst = before === undefined;
		if (
			request === before ||
			(isFirst && (known === undefined ? keys.length === 0 : known === 0)) ||
			// Of these the kernel sends nothing unasked.
			(isFirst && keys.length === 0 && run.index >= MOST_SHOWN && !isActive(run))
		) {
			return;
		}
		sent.set(run, request);
		const { run_id } = run;
		const { view } = this;
		this.asker
			.ask({
				kind: "set_wanted",
				run_id,
				panel,
				view,
				keys,
				...(known === undefined ? {} : { known }),
			})
			.catch((error: unknown) => {
				const reason = error instanceof Error ? error.message : String(error);
				const listeners = shown.filter((want) => want.refused && want.keys.length > 0);
				for (const want of listeners) want.refused?.(reason);
				// A kernel that has begun anew refuses what it does not know; its snapshot has it sent again.
				if (listeners.length === 0) sent.delete(run);
			});
	}
}
