// A run's graph as the kernel sends it: levels when they are asked for, and what can be measured on it.
import type { Asker } from "../connection";
import type { OverlayName } from "../protocol.gen";
import { GraphTree } from "./tree";

export class LoadedTree extends GraphTree {
	/** What the kernel offered with the newest levels. */
	overlays: readonly OverlayName[] = [];

	constructor(asker: Asker, run_id: string) {
		super(async (scopes) => {
			const answer = await asker.ask({ kind: "send_graph", run_id, scopes });
			if (answer.kind !== "graph_sent") return [];
			this.overlays = answer.overlays;
			return answer.levels;
		});
	}
}
