// Tells the kernel which series a view draws now: it sends the points of those, and of no others.
import type { Asker } from "./connection";
import type { SeriesData } from "./series-data";
import type { RunState, Store } from "./store";

let views = 0;

/** A series, with its run. */
export interface Drawn {
	readonly run: RunState;
	readonly series: SeriesData;
}

export class SeriesWatch {
	private readonly view = ++views;
	private readonly wanted = new Map<string, readonly Drawn[]>();
	/** A run that was sent anew is another object, which nothing was told of. */
	private readonly told = new WeakMap<RunState, string>();
	private isDue = false;

	constructor(
		private readonly asker: Asker,
		private readonly store: Store,
	) {}

	/** Replaces what the panel `name` of this view draws. */
	want(name: string, drawn: readonly Drawn[]): void {
		this.wanted.set(name, drawn);
		if (!this.asker.isLive || this.isDue) return;
		this.isDue = true;
		queueMicrotask(() => {
			this.isDue = false;
			this.tell();
		});
	}

	/** The view is gone. */
	stop(): void {
		if (this.wanted.size > 0) this.want("", []);
		for (const name of this.wanted.keys()) this.wanted.set(name, []);
	}

	private tell(): void {
		const drawn = [...this.wanted.values()].flat();
		for (const run of this.store.runs.values()) {
			const known = run.series.length;
			const numbers = drawn.filter((one) => one.run === run).map(({ series }) => series.number);
			const series = [...new Set(numbers)].sort((a, b) => a - b);
			const telling = `${known} ${series}`;
			if (known === 0 || this.told.get(run) === telling) continue;
			this.told.set(run, telling);
			const { run_id } = run;
			const keys = series.map(String);
			const request = { kind: "set_wanted", run_id, panel: "curves", keys, known } as const;
			this.asker.ask({ ...request, view: this.view }).catch(() => {
				// Refused by a kernel that has begun anew: its snapshot has it told again.
				this.told.delete(run);
			});
		}
	}
}
