// Heatmaps of earlier steps: asked for when the view shows such a step, a few at a time.
import type { Asker } from "../../session/asker";
import { int16s } from "../../session/buffers";
import { placeAt } from "../../session/item-index";
import type { RunState } from "../../session/run";
import { type WeightsHeatmap, weightsState } from "./state";

const MOST_AT_ONCE = 3;
const MOST_KEPT = 64;

export class EarlierWeights {
	private readonly kept = new Map<string, WeightsHeatmap>();
	private readonly refused = new Set<string>();
	private readonly asked = new Set<string>();

	constructor(
		private readonly asker: Asker,
		/** A heatmap came. */
		private readonly came: () => void,
	) {}

	/**
	 * The heatmap of a parameter at a step. Where it has still to come it is asked for, and undefined is
	 * returned: what was shown before stays.
	 */
	at(run: RunState, name: string, step: number): WeightsHeatmap | undefined {
		const { heatmaps, kept } = weightsState.of(run);
		const newest = heatmaps.get(name);
		if (newest && newest.step <= step) return newest;
		const steps = kept.entries.get(name)?.steps ?? [];
		const found = steps[Math.max(0, placeAt(steps, step))];
		if (found === undefined || newest?.step === found) return newest;
		// Of a run that makes no steps there are states, too, which may be nearer.
		const key = `${run.run_id} ${run.progress?.status} ${found} ${name}`;
		const known = this.kept.get(key);
		if (known) return known;
		if (!this.refused.has(key)) this.ask(key, run.run_id, name, found);
		return undefined;
	}

	private ask(key: string, run_id: string, name: string, step: number): void {
		// What is still wanted when an answer comes is asked for then.
		if (this.asked.has(key) || this.asked.size >= MOST_AT_ONCE) return;
		this.asked.add(key);
		this.asker
			.ask({ kind: "send_weights", run_id, name, step })
			.then(
				({ bytes, client_id, request_id, ...fields }) => {
					const heatmap = { ...fields, kind: "weights_updated" as const };
					this.kept.set(key, { ...heatmap, cells: int16s(bytes) });
					for (const first of this.kept.keys()) {
						if (this.kept.size <= MOST_KEPT) break;
						this.kept.delete(first);
					}
				},
				() => this.refused.add(key),
			)
			.finally(() => {
				this.asked.delete(key);
				this.came();
			});
	}
}
