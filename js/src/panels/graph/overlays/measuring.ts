// The overlay on the drawing: what the kernel is asked to measure, and what has come of it.
import type { Context } from "../../../session/panel";
import type { RunState } from "../../../session/run";
import type { Scene } from "../drawing/scene";
import { graphState } from "../state";
import type { GraphTree } from "../tree/tree";
import type { Colours } from "./colours";

/** As many boxes as the kernel takes. */
const MOST = 1000;

export class Measuring {
	private run: RunState | undefined;
	private scene: Scene | undefined;
	private isSeen = true;

	constructor(
		private readonly wanted: Context["wanted"],
		private readonly colours: Colours,
		private readonly refused: (reason: string) => void,
	) {}

	/** Whether the panel is on the screen. */
	see(isSeen: boolean): void {
		this.isSeen = isSeen;
		this.want();
	}

	/** Wants the chosen overlay of the boxes in a scene, the nearest ones first. */
	follow(run: RunState | undefined, scene: Scene | undefined): void {
		this.run = run;
		this.scene = scene;
		this.want();
	}

	/** Gives the colours what is newest of a run. Returns what they show: the overlay and its step. */
	take(run: RunState | undefined, tree: GraphTree | undefined): string {
		const { overlay } = this.colours;
		const picture = overlay && run ? graphState.of(run).overlays.get(overlay) : undefined;
		const isOn = run?.progress?.status === "running";
		this.colours.update(tree, picture, isOn ? "Measuring…" : "Values come with the next step.");
		return picture ? `${overlay} ${picture.step}` : overlay;
	}

	remove(): void {
		this.run = undefined;
		this.want();
	}

	private want(): void {
		const { run, scene, refused } = this;
		const { overlay } = this.colours;
		const isMeasured = this.isSeen && overlay !== "" && scene !== undefined;
		const boxes = scene?.boxes ?? [];
		const measured = boxes.filter(({ node }) => node.kind !== "input" && node.kind !== "output");
		const ids = measured.slice(0, MOST).map(({ node }) => node.node_id);
		const keys = isMeasured ? [overlay, ...ids] : [];
		const wants = run ? [{ run, keys, onlyVisible: true, refused }] : [];
		this.wanted.set("graph", "graph", wants);
	}
}
