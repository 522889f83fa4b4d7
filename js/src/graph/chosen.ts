// The chosen box: what is known and recorded of it, told below the drawing and shown elsewhere.
import { type Context, element } from "../panels/panel";
import type { GraphNode } from "../protocol/index.gen";
import type { RunState } from "../store";
import type { Colours } from "./colours";
import { seriesOf, showDetails } from "./details";
import { showElsewhere } from "./elsewhere";
import type { GraphStage } from "./stage";
import type { GraphTree } from "./tree";

/** What the panel shows now. */
export interface Shown {
	readonly run: RunState | undefined;
	readonly tree: GraphTree | undefined;
}

export class Chosen {
	id: string | undefined;
	readonly strip = element("div", "nbviz-graph-details", { "aria-live": "polite" });
	/** Versions of the series of the chosen module, when it was chosen. */
	private awaits = "";

	constructor(
		private readonly context: Context,
		private readonly stage: GraphStage,
		private readonly colours: Colours,
		private readonly shown: () => Shown,
	) {}

	set(id: string | undefined): void {
		this.id = id;
		this.awaits = "";
		this.tellRecorded();
		this.describe();
	}

	/** Has the other panels show the chosen box. */
	showElsewhere(): void {
		const { node } = this;
		if (node) showElsewhere(this.context, this.shown().run, node, this.stage.root);
	}

	/** Forgets what is not in the tree. */
	check(): void {
		if (!this.node) this.id = undefined;
	}

	/** After new points: tells of those of the chosen module. */
	pointsCame(): void {
		if (this.awaits) this.tellRecorded();
	}

	describe(): void {
		const { id, node, stage, colours } = this;
		const lines = stage.scene?.lines.filter(({ to, shape }) => to === id && shape) ?? [];
		const inputs = lines.map(({ shape }) => shape.replaceAll("×", " × ")).join(", ");
		const { overlay } = colours;
		const value = id === undefined ? undefined : colours.text(id);
		showDetails(this.strip, node, inputs, {
			run: this.shown().run,
			measured: overlay && value !== undefined ? { overlay, value } : undefined,
			root: this.context.root,
		});
	}

	private get node(): GraphNode | undefined {
		return this.id === undefined ? undefined : this.shown().tree?.node(this.id);
	}

	/** Asks for what is recorded of the chosen module, and tells of it once it came. */
	private tellRecorded(): void {
		const { run } = this.shown();
		const path = this.node?.path ?? "";
		const drawn = run ? seriesOf(run, path).map((series) => ({ run, series })) : [];
		this.context.watch.want("graph", drawn);
		const versions = drawn.map(({ series }) => series.version).join(" ");
		if (this.awaits && versions !== this.awaits) {
			this.describe();
			this.awaits = "";
		} else this.awaits = versions;
	}
}
