// One tag's predictions at the step shown: the most confident mistakes, and samples that are followed.
import type { ItemHost, ItemView } from "../../items/view";
import type { Cell, ChosenCell } from "../../session/chosen-cell";
import { keepChildren, showOptions } from "../../ui/children";
import { element } from "../../ui/element";
import { formatCount, formatPercent } from "../../ui/format";
import { segmentedControl } from "../../ui/segmented-control";
import { DataEditor, type EditAction } from "./data-editor";
import { SampleCard } from "./sample-card";
import {
	type Choice,
	type Classes,
	chosenSamples,
	nameOf,
	type Predictions,
	predictedOf,
} from "./samples";
import type { SeenSamples } from "./seen";

const FIRST = 24;
const COPY = "Copy indices";
const TOLD_MS = 4000;
const MORE = 48;

export interface PredictionsContent {
	readonly kind: "predictions";
	readonly predictions: Predictions;
}

/** Changes samples of the training data. */
export type EditOf = (
	of: { run_id: string; tag: string },
	action: EditAction,
	indices: number[],
	value: number,
) => Promise<unknown>;

export interface PredictionsHost {
	seen(came: () => void): SeenSamples;
	/** The cell of a confusion matrix whose samples are to be shown. */
	readonly cell: ChosenCell;
	/** The newest step of a tag. */
	newest(tag: string): number;
	readFollowed(tag: string): readonly number[];
	writeFollowed(tag: string, indices: readonly number[]): void;
	/** Undefined without a kernel. */
	readonly edit: EditOf | undefined;
}

export class PredictionsView implements ItemView<PredictionsContent> {
	readonly root: HTMLElement;
	private readonly seen: SeenSamples;
	private readonly said = element("p", "nbviz-predictions-said", { role: "status" });
	private readonly grid = element("div", "nbviz-predictions-grid", {
		role: "group",
		"aria-label": "Samples",
	});
	private readonly more = element("button", "nbviz-button nbviz-button-quiet nbviz-button-small", {
		type: "button",
	});
	private readonly truth = element("select", "nbviz-select", { "aria-label": "True class" });
	private readonly guess = element("select", "nbviz-select", { "aria-label": "Predicted class" });
	private readonly copier = element(
		"button",
		"nbviz-button nbviz-button-quiet nbviz-button-small",
		{
			type: "button",
			title: "Copy the indices of these samples as a list in Python, such as for trainer.data.drop",
		},
	);
	private readonly cards = new Map<number, SampleCard>();
	private readonly followed: Set<number>;
	private readonly editor: DataEditor;
	private readonly choices: ReturnType<typeof segmentedControl<Choice>>;
	private readonly unsubscribe: () => void;
	private choice: Choice = "mistakes";
	private shown = FIRST;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private predictions: Predictions | undefined;

	constructor(
		private readonly host: ItemHost,
		private readonly source: PredictionsHost,
	) {
		this.seen = source.seen(() => this.draw());
		this.followed = new Set(source.readFollowed(host.tag));
		this.choices = segmentedControl<Choice>(
			"Which samples",
			{ Mistakes: "mistakes", "Least sure": "unsure", All: "all", Followed: "followed" },
			this.choice,
			(choice) => {
				this.choice = choice;
				this.shown = FIRST;
				this.draw();
			},
		);
		for (const select of [this.truth, this.guess]) {
			select.addEventListener("change", () => {
				this.shown = FIRST;
				this.draw();
			});
		}
		this.copier.textContent = COPY;
		this.copier.addEventListener("click", () => this.copy());
		this.more.addEventListener("click", () => {
			this.shown += MORE;
			this.draw();
		});
		this.editor = new DataEditor((action, value) => {
			const { run_id, tag } = host;
			const indices = [...this.followed].sort((a, b) => a - b);
			return source.edit?.({ run_id, tag }, action, indices, value) ?? Promise.resolve();
		});
		this.root = element(
			"div",
			"nbviz-predictions-view",
			{},
			element(
				"div",
				"nbviz-strip nbviz-predictions-tools",
				{},
				this.choices,
				element("label", "nbviz-strip-field", {}, "True class", this.truth),
				element("label", "nbviz-strip-field", {}, "Predicted", this.guess),
				this.copier,
			),
			this.editor.root,
			this.said,
			this.grid,
			this.more,
		);
		this.unsubscribe = source.cell.subscribe(() => this.showCell());
	}

	take({ predictions }: PredictionsContent): void {
		const isFirst = !this.predictions;
		this.predictions = predictions;
		this.listClasses(predictions);
		if (isFirst && this.source.cell.cell) this.showCell();
		else this.draw();
	}

	show(): { step: number; note: string } | undefined {
		const { predictions } = this;
		if (!predictions) return undefined;
		this.wantMissing(); // a later step may have come
		const { step, mistakes, labelled, samples, omitted } = predictions;
		const right = labelled > 0 ? `, ${formatPercent(1 - mistakes / labelled)} right` : "";
		const count = samples.length + omitted;
		return {
			step,
			note: `${formatCount(mistakes)} ${mistakes === 1 ? "mistake" : "mistakes"} in ${formatCount(count)} samples${right}`,
		};
	}

	resize(): void {}

	recolour(): void {}

	remove(): void {
		clearTimeout(this.timer);
		this.unsubscribe();
		this.seen.remove();
	}

	private get classes(): Classes {
		const of = ({ value }: HTMLSelectElement) => (value === "" ? undefined : Number(value));
		return { target: of(this.truth), predicted: of(this.guess) };
	}

	/** Shows the samples of a confusion matrix's cell, the right ones among them. */
	private showCell(): void {
		const { cell } = this.source.cell;
		if (!cell || !this.predictions) return;
		this.choice = "all";
		this.choices.press("all");
		this.shown = FIRST;
		this.listClasses(this.predictions, cell);
		this.draw();
	}

	/** Lists the classes that there are, and those of a cell, which are chosen then. */
	private listClasses(predictions: Predictions, cell?: Cell): void {
		const { samples } = predictions;
		list(
			this.truth,
			predictions,
			samples.map(({ target }) => target),
			cell?.target,
		);
		list(this.guess, predictions, samples.map(predictedOf), cell?.predicted);
	}

	private chosen() {
		const { predictions, choice, classes, followed } = this;
		return predictions ? chosenSamples(predictions, choice, classes, followed) : [];
	}

	private draw(): void {
		const { predictions, seen, followed, grid } = this;
		if (!predictions) return;
		const chosen = this.chosen();
		const visible = chosen.slice(0, this.shown);
		const wanted = new Set(visible.map(({ index }) => index));
		for (const index of this.cards.keys()) if (!wanted.has(index)) this.cards.delete(index);
		const roots: HTMLElement[] = [];
		for (const sample of visible) {
			const { index } = sample;
			const one = this.cards.get(index) ?? new SampleCard(index, () => this.follow(index));
			this.cards.set(index, one);
			const look = seen.look(predictions.inputs, index);
			one.show(sample, predictions, look, seen.course(index), followed.has(index));
			roots.push(one.root);
		}
		keepChildren(grid, roots);
		grid.dataset.step = String(predictions.step);
		const left = chosen.length - visible.length;
		this.more.hidden = left === 0;
		this.more.textContent = `Show ${formatCount(Math.min(MORE, left))} more of ${formatCount(left)}`;
		this.say(predictions, chosen.length);
		const { size, isTraining } = predictions;
		const classes = Array.from({ length: size }, (_, index) => nameOf(predictions, index));
		this.editor.show(isTraining && this.source.edit ? followed.size : 0, classes);
		this.wantMissing();
	}

	private say({ omitted }: Predictions, count: number): void {
		const { choice, seen } = this;
		const said: string[] = [];
		if (count === 0) {
			said.push(
				choice === "mistakes"
					? "No mistakes among these samples at this step."
					: choice === "followed"
						? "No sample is followed. Click one to follow it through the steps."
						: "No such sample at this step.",
			);
		}
		if (omitted > 0) said.push(`${formatCount(omitted)} samples had no room and are not shown.`);
		if (seen.refused) said.push(seen.refused);
		this.said.textContent = said.join(" ");
		this.said.hidden = said.length === 0;
	}

	private follow(index: number): void {
		if (!this.followed.delete(index)) this.followed.add(index);
		this.source.writeFollowed(this.host.tag, [...this.followed]);
		this.draw();
		this.cards.get(index)?.root.focus();
	}

	/** Copies the indices of all that is chosen, also of what is not shown yet. */
	private copy(): void {
		const text = `[${this.chosen()
			.map(({ index }) => index)
			.join(", ")}]`;
		// A page that is not served securely has no clipboard.
		const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("none"));
		written.then(
			() => this.tell("Copied"),
			() => this.tell(text),
		);
	}

	private tell(text: string): void {
		this.copier.textContent = text;
		clearTimeout(this.timer);
		this.timer = setTimeout(() => {
			this.copier.textContent = COPY;
		}, TOLD_MS);
	}

	private wantMissing(): void {
		const { predictions, host } = this;
		if (!predictions) return;
		const { tag, run_id } = host;
		const { step, inputs } = predictions;
		const newest = this.source.newest(tag);
		this.seen.want([...this.cards.keys()], { run_id, tag, step, inputs, newest });
	}
}

/** Fills a select with the classes that there are, and chooses one, or what was chosen before. */
function list(
	select: HTMLSelectElement,
	predictions: Predictions,
	there: readonly number[],
	chosen: number | undefined,
): void {
	const before = chosen === undefined ? select.value : String(chosen);
	const known = new Set(there.filter((one) => one >= 0));
	if (chosen !== undefined) known.add(chosen);
	const classes = [...known].sort((a, b) => a - b);
	const options = [
		element("option", "", { value: "" }, "all"),
		...classes.map((one) =>
			element("option", "", { value: String(one) }, nameOf(predictions, one)),
		),
	];
	showOptions(select, options, before !== "" && known.has(Number(before)) ? before : "");
}
