// A run's graph as the kernel sends it: levels when they are asked for, and what can be measured on it;
// its boxes are open as they were before a reload.

import type { OverlayName } from "../../../protocol/index.gen";
import type { Asker } from "../../../session/asker";
import { asTexts, type ViewState } from "../../../ui/view-state";
import { GraphTree } from "./tree";

/** Under this name open boxes are remembered. */
const STATE_NAME = "graph";

export class LoadedTree extends GraphTree {
	/** What the kernel offered with the newest levels. */
	overlays: readonly OverlayName[] = [];

	constructor(
		asker: Asker,
		private readonly run_id: string,
	) {
		super(async (scopes) => {
			const answer = await asker.ask({ kind: "send_graph", run_id, scopes });
			if (answer.kind !== "graph_sent") return [];
			this.overlays = answer.overlays;
			return answer.levels;
		});
	}

	/** Opens what was open of this run, or else what is read at one glance. */
	async openAsBefore(viewState: ViewState): Promise<void> {
		const { run, open } = viewState.read(STATE_NAME);
		if (run === this.run_id) await this.openAll(new Set(asTexts(open)));
		else await this.openAtAGlance();
	}

	remember(viewState: ViewState): void {
		viewState.write(STATE_NAME, { run: this.run_id, open: [...this.open] });
	}
}
