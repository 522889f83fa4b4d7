// One tag's curves at the step shown: precision over recall, ROC, calibration, and a threshold with what
// predictions are worth at it.
import type { ItemHost, ItemView } from "../../items/view";
import { element } from "../../ui/element";
import { counted, formatCount, formatNumber } from "../../ui/format";
import { textCell, VirtualRows } from "../../ui/virtual-rows";
import {
	type AtThreshold,
	atThreshold,
	bestPlace,
	type Curve,
	type Curves,
	calibration,
	calibrationError,
	nearestPlace,
	pointAt,
	prPoints,
	rocPoints,
} from "./curves";
import { type Line, Plot } from "./plot";

const ROW = 22;
const MOST_COLOURS = 8;

export interface RocContent {
	readonly kind: "roc";
	readonly curves: Curves;
}

/** A run beside the one that is shown. */
export interface OtherRun {
	readonly run_id: string;
	readonly name: string;
	readonly colour: string;
}

type Load = (run_id: string, tag: string, step: number) => Promise<Curves>;

export class RocView implements ItemView<RocContent> {
	readonly root: HTMLElement;
	private readonly pr: Plot;
	private readonly roc: Plot;
	private readonly calibrated = new Plot({
		title: "Calibration",
		x: "mean score",
		y: "share of positives",
		diagonal: "scores that are probabilities",
	});
	private readonly list = new VirtualRows({
		rowHeight: ROW,
		label: "Classes",
		columns: "24px minmax(60px, 1fr) 60px 60px 70px",
		least: 274,
		cells: (index) => this.row(index),
	});
	private readonly slider = element("input", "nbviz-slider", {
		type: "range",
		min: "0",
		step: "1",
		"aria-label": "Threshold",
		"data-lm-suppress-shortcuts": "true",
	});
	private readonly worth = element("div", "nbviz-roc-worth");
	private readonly said = element("p", "nbviz-roc-said", { role: "status" });
	private readonly loaded = new Map<string, Promise<Curves>>();
	private others: readonly (OtherRun & { readonly curves: Curves })[] = [];
	private curves: Curves | undefined;
	private chosen = 0;
	/** The threshold, 0 to 1. */
	private threshold = 0.5;

	constructor(
		private readonly host: ItemHost,
		private readonly load: Load,
		private readonly otherRuns: (tag: string) => readonly OtherRun[],
	) {
		this.pr = new Plot({
			title: "Precision and recall",
			x: "recall",
			y: "precision",
			choose: (point) => this.choosePlace(this.curve && nearestPlace(this.curve, "pr", point)),
		});
		this.roc = new Plot({
			title: "ROC",
			x: "false positive rate",
			y: "true positive rate",
			diagonal: "guessing",
			choose: (point) => this.choosePlace(this.curve && nearestPlace(this.curve, "roc", point)),
		});
		this.slider.addEventListener("input", () => this.choosePlace(Number(this.slider.value)));
		const best = element(
			"button",
			"nbviz-button nbviz-button-small",
			{ type: "button", title: "The threshold with the highest F1" },
			"best F1",
		);
		best.addEventListener("click", () => this.choosePlace(this.curve && bestPlace(this.curve)));
		this.list.root.addEventListener("click", (event) => {
			const row = (event.target as Element).closest<HTMLElement>("[data-row]");
			if (row) this.chooseCurve(Number(row.dataset.row));
		});
		this.list.root.addEventListener("keydown", (event) => {
			const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
			if (by === 0) return;
			event.preventDefault();
			this.chooseCurve(this.chosen + by);
		});
		this.list.head.replaceChildren(
			...["", "Class", "AP", "AUC", "Samples"].map((title, i) => {
				const cell = textCell(title, i > 1);
				cell.setAttribute("role", "columnheader");
				return cell;
			}),
		);
		const threshold = element(
			"div",
			"nbviz-roc-threshold",
			{},
			element(
				"div",
				"nbviz-roc-choice",
				{},
				element("label", "nbviz-roc-slider", {}, "Threshold", this.slider),
				best,
			),
			this.worth,
		);
		this.root = element(
			"div",
			"nbviz-roc-view",
			{},
			this.said,
			element(
				"div",
				"nbviz-roc-plots",
				{},
				this.pr.root,
				this.roc.root,
				this.calibrated.root,
				threshold,
			),
			this.list.root,
		);
	}

	take({ curves }: RocContent): void {
		this.curves = curves;
		this.chosen = Math.min(this.chosen, curves.curves.length - 1);
		this.draw();
		this.list.update(curves.curves.length);
		this.follow(curves.step);
	}

	show(): { step: number; note: string } | undefined {
		const { curves } = this;
		if (!curves) return undefined;
		const [first] = curves.curves;
		const alone = curves.curves.length === 1 && first;
		return {
			step: curves.step,
			note: alone
				? `AP ${share(alone.averagePrecision)}, AUC ${share(alone.rocAuc)}, ${formatCount(alone.positives)} of ${formatCount(alone.positives + alone.negatives)} positive`
				: `mean AP ${share(mean(curves.curves.map((one) => one.averagePrecision)))}, mean AUC ${share(mean(curves.curves.map((one) => one.rocAuc)))}, ${formatCount(curves.curves.length)} classes`,
		};
	}

	/** Widths are the style sheet's. */
	resize(): void {}

	/** Colours are the style sheet's, too. */
	recolour(): void {}

	remove(): void {
		this.list.remove();
	}

	private get curve(): Curve | undefined {
		return this.curves?.curves[this.chosen];
	}

	// ---------------------------------------------------------------- choosing

	private choosePlace(place: number | undefined): void {
		const { curve } = this;
		if (!curve || place === undefined) return;
		this.threshold = atThreshold(curve, place).threshold;
		this.draw();
	}

	private chooseCurve(index: number): void {
		const count = this.curves?.curves.length ?? 0;
		const before = this.chosen;
		this.chosen = Math.min(count - 1, Math.max(0, index));
		for (const one of [before, this.chosen]) this.list.redraw(one, one + 1);
		this.draw();
	}

	/** Loads the same of the other runs, at the same step. */
	private follow(step: number): void {
		const { tag } = this.host;
		const runs = this.otherRuns(tag);
		const wanted = runs.map((run) => {
			const key = JSON.stringify([run.run_id, step]);
			const loading = this.loaded.get(key) ?? this.load(run.run_id, tag, step);
			return { run, key, loading };
		});
		this.loaded.clear(); // of one step is enough
		for (const { key, loading } of wanted) this.loaded.set(key, loading);
		Promise.allSettled(
			wanted.map(async ({ run, loading }) => ({ ...run, curves: await loading })),
		).then((found) => {
			if (this.curves?.step !== step) return;
			this.others = found.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
			this.draw();
		});
	}

	// ---------------------------------------------------------------- drawing

	private draw(): void {
		const { curves, curve } = this;
		if (!curves || !curve) return;
		const places = curve.truePositives.length - 1;
		const place = Math.round(this.threshold * places);
		const at = atThreshold(curve, place);
		this.slider.max = String(places);
		this.slider.value = String(place);
		this.slider.style.setProperty("--filled", `${(100 * place) / places}%`);
		this.slider.setAttribute("aria-valuetext", at.threshold.toFixed(3));
		this.pr.show(this.lines(prPoints), `AP ${share(curve.averagePrecision)}`, pointAt(at, "pr"));
		this.roc.show(this.lines(rocPoints), `AUC ${share(curve.rocAuc)}`, pointAt(at, "roc"));
		const error = calibrationError(curve);
		this.calibrated.root.hidden = Number.isNaN(error);
		const means = (of: Curve) =>
			calibration(of).map(({ score, share: of }) => [score, of] as const);
		this.calibrated.show(
			this.lines(means, true).filter(({ isFaint }) => !isFaint),
			`error ${share(error)}`,
		);
		this.list.root.hidden = curves.curves.length < 2;
		const { leftOut } = curves;
		this.said.hidden = leftOut === 0;
		this.said.textContent = `${counted(leftOut, "sample")} without a class or a score: left out.`;
		this.drawWorth(curve, at);
		this.root.dataset.step = String(curves.step);
	}

	/** All curves, the chosen one above the others, and those of other runs. */
	private lines(
		points: (curve: Curve) => readonly (readonly [number, number])[],
		hasMarks = false,
	) {
		const all = this.curves?.curves ?? [];
		const lines: Line[] = all.map((curve, i) => ({
			points: points(curve),
			colour: this.colour(i),
			title: curve.name || this.host.tag,
			isFaint: i !== this.chosen,
			hasMarks,
		}));
		const [top] = lines.splice(this.chosen, 1);
		const other = this.others.flatMap(({ name, colour, curves }): Line[] => {
			const curve =
				curves.curves.find((one) => one.name === this.curve?.name) ?? curves.curves[this.chosen];
			if (!curve) return [];
			const title = `${name} at step ${formatCount(curves.step)}`;
			return [{ points: points(curve), colour, title, isDashed: true }];
		});
		return top ? [...lines, ...other, top] : lines;
	}

	private colour(index: number): string {
		return `var(--nbviz-series-${(index % MOST_COLOURS) + 1})`;
	}

	private drawWorth(curve: Curve, at: AtThreshold): void {
		const { name } = curve;
		const [yes, no] = name ? [name, `not ${name}`] : ["positive", "negative"];
		const count = (value: number, isRight: boolean) =>
			element(
				"td",
				isRight ? "nbviz-roc-right" : "nbviz-roc-wrong",
				{},
				`${formatCount(value)} ${isRight ? "✓" : "✕"}`,
			);
		const head = (text: string) => element("th", "", { scope: "col" }, text);
		const side = (text: string) => element("th", "", { scope: "row" }, text);
		const table = element(
			"table",
			"nbviz-roc-table",
			{ "aria-label": `Predictions at threshold ${at.threshold.toFixed(3)}` },
			element("tr", "", {}, element("td"), head(`predicted ${yes}`), head(`predicted ${no}`)),
			element(
				"tr",
				"",
				{},
				side(`is ${yes}`),
				count(at.truePositives, true),
				count(at.falseNegatives, false),
			),
			element(
				"tr",
				"",
				{},
				side(`is ${no}`),
				count(at.falsePositives, false),
				count(at.trueNegatives, true),
			),
		);
		const values = [
			["threshold", at.threshold],
			["precision", at.precision],
			["recall", at.recall],
			["F1", at.f1],
			["accuracy", at.accuracy],
		] as const;
		this.worth.replaceChildren(
			element(
				"div",
				"nbviz-roc-values",
				{},
				...values.map(([label, value]) =>
					element("span", "", {}, `${label} `, element("strong", "", {}, share(value))),
				),
			),
			table,
		);
	}

	private row(index: number): HTMLElement[] {
		const curve = this.curves?.curves[index];
		if (!curve) return [];
		const swatch = element("span", "nbviz-swatch");
		swatch.style.background = this.colour(index);
		const name = textCell(`${index === this.chosen ? "▸ " : ""}${curve.name || this.host.tag}`);
		name.title = curve.name;
		return [
			element("div", "nbviz-rows-cell", { role: "cell" }, swatch),
			name,
			textCell(share(curve.averagePrecision), true),
			textCell(share(curve.rocAuc), true),
			textCell(formatNumber(curve.positives, 6), true),
		];
	}
}

function share(value: number): string {
	return Number.isNaN(value) ? "–" : value.toFixed(3);
}

/** Of what is a number. */
function mean(values: readonly number[]): number {
	const known = values.filter((value) => !Number.isNaN(value));
	return known.reduce((sum, value) => sum + value, 0) / known.length;
}
