// One tag's matrix at the step shown: counts or shares, alone or as the difference to another step or run.
import type { ItemHost, ItemView } from "../../items/view";
import { placeAt } from "../../session/item-index";
import type { RunState } from "../../session/run";
import { showOptions } from "../../ui/children";
import { element } from "../../ui/element";
import { counted, formatCount, formatNumber, formatPercent } from "../../ui/format";
import { segmentedControl } from "../../ui/segmented-control";
import { ClassList } from "./class-list";
import { accuracy, type Counts, cellsOf, nameOf, type Scale, scaled, valueAt } from "./counts";
import { Matrix } from "./matrix";

const BESIDE_FROM = 720; // CSS pixels of a view that has the classes beside the matrix
const LIST_WIDTH = 330;
const MOST_SIDE = 560;

export interface ConfusionContent {
	readonly kind: "confusion";
	readonly counts: Counts;
}

export interface ConfusionHost {
	load(run_id: string, tag: string, step: number): Promise<Counts>;
	/** The run that is shown. */
	run(): RunState | undefined;
	steps(run: RunState, tag: string): readonly number[];
	/** Runs to compare with. */
	others(tag: string): readonly RunState[];
	/** Whether the run has predictions of samples, which `showSamples` shows. */
	hasSamples(): boolean;
	/** Shows the samples of a true class that were predicted as another, or as it. */
	showSamples(target: number, predicted: number): void;
}

/** What a matrix is compared with: "", "first", "before", "step 12" or "run <id>". */
type Reference = string;

export class ConfusionView implements ItemView<ConfusionContent> {
	readonly root: HTMLElement;
	private readonly matrix: Matrix;
	private readonly list = new ClassList();
	private readonly compare = element("select", "nbviz-select", { "aria-label": "Difference to" });
	private readonly said = element("p", "nbviz-confusion-said", { role: "status" });
	private readonly legend = element("div", "nbviz-confusion-legend");
	private readonly others = new Map<string, Promise<Counts>>();
	private counts: Counts | undefined;
	private other: Counts | undefined;
	private scale: Scale = "count";
	private reference: Reference = "";
	private asked = "";
	/** The largest magnitude of what is drawn. */
	private limit = 0;

	constructor(
		private readonly host: ItemHost,
		private readonly source: ConfusionHost,
	) {
		this.matrix = new Matrix({
			theme: () => host.theme(),
			name: (index) => (this.counts ? nameOf(this.counts, index) : ""),
			number: (value) => this.number(value),
			point: (cell, x, y) => this.point(cell, x, y),
			choose: ({ row, column }) => {
				if (source.hasSamples()) source.showSamples(row, column);
			},
		});
		const scales = segmentedControl<Scale>(
			"What a cell shows",
			{ Counts: "count", "% of target": "row", "% of predicted": "column", "% of all": "all" },
			this.scale,
			(scale) => {
				this.scale = scale;
				this.draw();
			},
		);
		this.compare.addEventListener("change", () => {
			this.reference =
				this.compare.value === "this" ? `step ${this.counts?.step}` : this.compare.value;
			this.follow();
		});
		// The runs there are may have changed since it was drawn.
		this.compare.addEventListener("pointerdown", () => this.listReferences());
		const tools = element(
			"div",
			"nbviz-strip nbviz-confusion-tools",
			{},
			scales,
			element("label", "nbviz-strip-field", {}, "Difference to", this.compare),
		);
		const picture = element("div", "nbviz-confusion-picture", {}, this.matrix.canvas, this.legend);
		this.root = element(
			"div",
			"nbviz-confusion-view",
			{},
			tools,
			this.said,
			element("div", "nbviz-confusion-both", {}, picture, this.list.root),
		);
	}

	take({ counts }: ConfusionContent): void {
		this.counts = counts;
		this.follow();
	}

	show(): { step: number; note: string } | undefined {
		const { counts } = this;
		if (!counts) return undefined;
		const { size, total } = counts;
		const right = `accuracy ${formatNumber(accuracy(counts), 3)}`;
		return {
			step: counts.step,
			note: `${right}, ${counted(size, "class", "classes")}, ${formatNumber(total, 7)} ${total === 1 ? "sample" : "samples"}`,
		};
	}

	resize(width: number): void {
		if (width <= 0) return;
		const isBeside = width >= BESIDE_FROM;
		this.root.dataset.beside = String(isBeside);
		this.matrix.resize(Math.min(MOST_SIDE, isBeside ? width - LIST_WIDTH - 16 : width));
	}

	recolour(): void {
		this.matrix.recolour();
		this.drawLegend();
	}

	remove(): void {
		this.list.remove();
	}

	// ---------------------------------------------------------------- comparing

	private listReferences(): void {
		const { counts } = this;
		if (!counts) return;
		const options: [Reference, string][] = [
			["", "nothing"],
			["first", "the first step"],
			["before", "the step before"],
		];
		if (this.reference.startsWith("step ")) options.push([this.reference, this.reference]);
		options.push(["this", `step ${counts.step}, from now on`]);
		for (const run of this.source.others(this.host.tag)) {
			options.push([`run ${run.run_id}`, run.name]);
		}
		showOptions(
			this.compare,
			options.map(([value, text]) => element("option", "", { value }, text)),
			this.reference,
		);
	}

	/** Loads what the matrix is compared with, and draws. */
	private follow(): void {
		this.listReferences();
		const wanted = this.wanted();
		const key = wanted ? JSON.stringify(wanted) : "";
		this.asked = key;
		if (!wanted) {
			this.other = undefined;
			this.draw();
			return;
		}
		const loading = this.others.get(key) ?? this.source.load(...wanted);
		this.others.clear(); // one is enough
		this.others.set(key, loading);
		loading.then(
			(other) => {
				if (this.asked !== key) return;
				this.other = other;
				this.draw();
			},
			(error: unknown) => {
				if (this.asked !== key) return;
				this.other = undefined;
				this.draw();
				this.said.hidden = false;
				this.said.textContent = error instanceof Error ? error.message : String(error);
			},
		);
	}

	private wanted(): [run_id: string, tag: string, step: number] | undefined {
		const { counts, reference } = this;
		const { tag } = this.host;
		const run = this.source.run();
		if (!counts || !run) return undefined;
		const [kind = "", ...rest] = reference.split(" ");
		if (kind === "run") return [rest.join(" "), tag, counts.step];
		const steps = this.source.steps(run, tag);
		const step =
			kind === "first"
				? steps[0]
				: kind === "before"
					? steps[placeAt(steps, counts.step) - 1]
					: kind === "step"
						? Number(rest[0])
						: undefined;
		return step === undefined ? undefined : [run.run_id, tag, step];
	}

	// ---------------------------------------------------------------- drawing

	private draw(): void {
		const { counts, other } = this;
		if (!counts) return;
		const isComparable = !other || other.size === counts.size;
		const compared = isComparable ? other : undefined;
		this.say(isComparable);
		const cells = cellsOf(counts, this.scale, compared);
		this.limit = cells.limit;
		this.matrix.show(cells);
		this.list.show(counts, compared);
		this.drawLegend();
		const to = compared ? `, difference to step ${compared.step}` : "";
		this.matrix.canvas.setAttribute(
			"aria-label",
			`Confusion matrix ${this.host.tag} at step ${counts.step}${to}: ${this.show()?.note}`,
		);
		const { dataset } = this.matrix.canvas;
		dataset.step = String(counts.step);
		dataset.reference = compared ? String(compared.step) : "";
		dataset.scale = this.scale;
	}

	private say(isComparable: boolean): void {
		const { counts, other, reference } = this;
		if (!counts) return;
		const said: string[] = [];
		if (reference === "before" && !other) said.push("There is no step before this one.");
		if (!isComparable && other) {
			said.push(
				`No difference: here are ${formatCount(counts.size)} classes, there ${formatCount(other.size)}.`,
			);
		}
		if (counts.leftOut > 0)
			said.push(`${counted(counts.leftOut, "sample")} without a class: left out.`);
		const omitted = counts.omitted + (other?.omitted ?? 0);
		if (omitted > 0)
			said.push(
				`${formatCount(omitted)} of the smallest cells are not shown; the sums count them.`,
			);
		this.said.textContent = said.join(" ");
		this.said.hidden = said.length === 0;
	}

	private drawLegend(): void {
		const { counts } = this;
		if (!counts) return;
		const compared = this.other?.size === counts.size ? this.other : undefined;
		const { limit } = this;
		const stops = compared ? [-1, -0.5, -0.1, 0, 0.1, 0.5, 1] : [0, 0.02, 0.1, 0.25, 0.5, 1];
		const bar = element("span", "nbviz-confusion-bar");
		const ends = compared ? [-1, 1] : [0, 1];
		const colours = stops.map((share) => this.matrix.colour(share));
		bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
		this.legend.replaceChildren(
			this.number((ends[0] ?? 0) * limit) || "0",
			bar,
			this.number((ends[1] ?? 1) * limit) || "0",
			element("span", "nbviz-confusion-hint", {}, "framed: right. Shades grow as the square root."),
		);
	}

	private number(value: number): string {
		if (this.scale === "count") return signed(value, formatNumber(Math.abs(value), 5), this.other);
		const percent = Math.abs(100 * value);
		const text = percent > 0 && percent < 0.95 ? percent.toFixed(1) : percent.toFixed(0);
		return signed(value, text, this.other);
	}

	private point(cell: { row: number; column: number } | undefined, x: number, y: number): void {
		const { counts, other } = this;
		if (!cell || !counts) {
			this.host.describe("", 0, 0);
			return;
		}
		const { row, column } = cell;
		const [target, predicted] = [nameOf(counts, row), nameOf(counts, column)];
		const value = valueAt(counts, row, column);
		const shares = (["row", "column", "all"] as const).map((scale) =>
			formatPercent(scaled(counts, scale, row, column, value)),
		);
		const lines = [
			row === column ? `${target}, predicted right` : `${target} predicted as ${predicted}`,
			`${formatNumber(value, 6)} ${value === 1 ? "sample" : "samples"}`,
			`${shares[0]} of ${target}, ${shares[1]} of predicted ${predicted}, ${shares[2]} of all`,
		];
		if (other && other.size === counts.size) {
			const before = valueAt(other, row, column);
			lines.push(`there ${formatNumber(before, 6)} at step ${formatCount(other.step)}`);
		}
		if (value > 0 && this.source.hasSamples()) lines.push("click: these samples");
		const { offsetLeft, offsetTop } = this.matrix.canvas;
		const { left, top } = offsetIn(this.root, this.matrix.canvas, offsetLeft, offsetTop);
		this.host.describe(lines.join("\n"), x + left, y + top);
	}
}

function signed(value: number, text: string, other: Counts | undefined): string {
	if (!other || value === 0) return text;
	return value < 0 ? `−${text}` : `+${text}`;
}

/** Where an element is in the view's own coordinates. */
function offsetIn(
	root: HTMLElement,
	of: HTMLElement,
	left: number,
	top: number,
): { left: number; top: number } {
	const [outer, inner] = [root.getBoundingClientRect(), of.getBoundingClientRect()];
	return outer.width > 0
		? { left: inner.left - outer.left, top: inner.top - outer.top }
		: { left, top };
}
