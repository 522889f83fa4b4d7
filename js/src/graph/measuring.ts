// The overlay on the drawing: what the kernel is asked to measure, and what has come of it.
import type { Asker } from "../connection";
import type { RunState } from "../store";
import type { Colours } from "./colours";
import { OverlayWatch } from "./overlay-watch";
import type { Scene } from "./scene";
import type { GraphTree } from "./tree";

export class Measuring {
	private readonly watch: OverlayWatch;

	constructor(
		asker: Asker,
		private readonly colours: Colours,
		failed: (reason: string) => void,
	) {
		this.watch = new OverlayWatch(asker, failed);
	}

	/** Whether the panel is on the screen. */
	see(isSeen: boolean): void {
		this.watch.see(isSeen);
	}

	/** Tells the kernel what is to be measured: of the boxes in the scene, the nearest ones first. */
	follow(run: RunState | undefined, scene: Scene | undefined): void {
		const boxes = scene?.boxes ?? [];
		const ids = boxes.filter(({ node }) => node.kind !== "input" && node.kind !== "output");
		this.watch.follow(
			run,
			scene ? this.colours.overlay : "",
			ids.map(({ node }) => node.node_id),
		);
	}

	/** Gives the colours what is newest of a run. Returns what they show: the overlay and its step. */
	take(run: RunState | undefined, tree: GraphTree | undefined): string {
		const { overlay } = this.colours;
		const picture = overlay ? run?.overlays.get(overlay) : undefined;
		const isOn = run?.progress?.status === "running";
		this.colours.update(tree, picture, isOn ? "Measuring…" : "Values come with the next step.");
		return picture ? `${overlay} ${picture.step}` : overlay;
	}

	remove(): void {
		this.watch.remove();
	}
}
