// The step that broke, on the graph: the operation that was the first to give NaN or infinity, what it led
// to, and a line that says it.
import type { RunState } from "../../../session/run";
import { element } from "../../../ui/element";
import { graphState } from "../state";
import type { GraphTree } from "../tree/tree";

export class BrokenStep {
	private readonly text = element("span", "nbviz-graph-alarm");
	private readonly button = element(
		"button",
		"nbviz-button nbviz-button-small",
		{ type: "button" },
		"Show it",
	);
	readonly root = element(
		"div",
		"nbviz-graph-broken",
		{ role: "status", hidden: "" },
		this.text,
		this.button,
	);
	private boxes: readonly string[] = [];
	private isBackward = false;
	private shown = "";

	constructor(
		/** Opens boxes, the outermost first, and goes to the last. */
		private readonly goTo: (boxes: readonly string[]) => void,
	) {
		this.button.addEventListener("click", () => goTo(this.boxes));
	}

	/** Takes in what is known of a run; what is new is gone to. */
	update(run: RunState | undefined): void {
		const { broken } = run ? graphState.of(run) : {};
		const { boxes = [], is_backward = false, text = "" } = broken ?? {};
		this.boxes = boxes;
		this.isBackward = is_backward;
		this.root.hidden = text === "";
		this.button.hidden = boxes.length === 0;
		if (this.text.textContent !== text) this.text.textContent = text;
		const shown = text && `${run?.run_id} ${text}`;
		if (shown === this.shown) return;
		this.shown = shown;
		if (boxes.length > 0) this.goTo(boxes);
	}

	/** The box of it that is drawn, and which way it went on. */
	on(tree: GraphTree): { id: string; isBackward: boolean } | undefined {
		const id = tree.visible(this.boxes);
		return id === undefined ? undefined : { id, isBackward: this.isBackward };
	}
}
