// One tag's histograms in a card: as ridges, heat or bands over the steps.
import { type Colormap, colormap } from "../../charts/heatmap/colormaps";
import { HistogramChart } from "../../charts/histogram-chart";
import { type HistogramColumn, mergeColumns, readColumns } from "../../charts/histogram-course";
import type { ItemHost, ItemView } from "../../items/view";
import type { Answered } from "../../session/asker";
import { doubles } from "../../session/buffers";
import { placeAt } from "../../session/item-index";
import { element } from "../../ui/element";
import { counted, formatCount, formatNumber } from "../../ui/format";
import { BandsChart } from "./bands";
import type { Course } from "./course";
import { RidgeChart } from "./ridges";

export type HistogramContent = Answered<"send_histograms">;
export type Form = "ridges" | "heat" | "bands";

/** What is chosen for all histograms of a panel. */
export interface Shown {
	form: Form;
	isLog: boolean;
	isOverlaid: boolean;
}

export class HistogramView implements ItemView<HistogramContent> {
	readonly root = element("div", "nbviz-histogram-view");
	private readonly heat: HistogramChart;
	private readonly ridges: RidgeChart;
	private readonly bands: BandsChart;
	/** The columns of each run. */
	private readonly columns = new Map<string, HistogramColumn[]>();
	private map: Colormap | undefined;
	private step = Number.POSITIVE_INFINITY;
	/** What was taken is not drawn yet. */
	private isStale = false;

	constructor(
		private readonly host: ItemHost,
		private readonly shown: Shown,
	) {
		const describe = (text: string, x: number, y: number) => host.describe(text, x, y);
		const choose = (step: number) => host.choose(step);
		this.heat = new HistogramChart(describe, choose);
		this.ridges = new RidgeChart(describe, choose);
		this.bands = new BandsChart(describe, choose);
		this.root.append(this.chart.canvas);
	}

	held(run_id: string): number {
		return this.columns.get(run_id)?.at(-1)?.step ?? -1;
	}

	take({ run_id, histograms, bytes }: HistogramContent): void {
		const newer = readColumns(histograms, doubles(bytes));
		this.columns.set(run_id, mergeColumns(this.columns.get(run_id) ?? [], newer));
		this.isStale = true;
	}

	show(step: number): { step: number; note: string } | undefined {
		if (step !== this.step || this.isStale) {
			this.step = step;
			this.draw();
		}
		const column = this.own[this.place];
		if (!column) return undefined;
		const { mean, std, nonfinite, sampled, count } = column;
		const moments =
			mean === null ? "nothing finite" : `${formatNumber(mean, 3)} ± ${formatNumber(std ?? 0, 3)}`;
		const broken = nonfinite > 0 ? `, ${formatCount(nonfinite)} NaN or ∞` : "";
		const part =
			sampled > 0 ? `, sampled: ${formatCount(sampled)} of ${formatCount(count + nonfinite)}` : "";
		const words = `Histograms of ${this.host.tag} over ${counted(this.own.length, "step")}; at step ${column.step} ${counted(count, "value")}, ${moments}${broken}${part}`;
		this.chart.canvas.setAttribute("aria-label", words);
		return { step: column.step, note: `${moments}${broken}${part}` };
	}

	resize(width: number, height: number): void {
		for (const chart of [this.heat, this.ridges, this.bands]) chart.resize(width, height);
	}

	recolour(): void {
		this.map = undefined;
		const { canvas } = this.chart;
		if (canvas.parentElement !== this.root) this.root.replaceChildren(canvas);
		this.draw();
	}

	remove(): void {}

	private get chart(): HistogramChart | RidgeChart | BandsChart {
		return this[this.shown.form];
	}

	private get own(): HistogramColumn[] {
		return this.columns.get(this.host.run_id) ?? [];
	}

	private get place(): number {
		return placeAt(
			this.own.map(({ step }) => step),
			this.step,
		);
	}

	private draw(): void {
		const { own, shown } = this;
		this.isStale = false;
		if (own.length === 0) return;
		const theme = this.host.theme();
		if (shown.form === "heat") {
			this.map ??= colormap("magnitude", theme);
			this.heat.show(own, this.place, theme, this.map, shown.isLog);
			return;
		}
		const courses: Course[] = [{ name: "", color: theme.accent, columns: own }];
		for (const { run_id, name, style } of this.host.others()) {
			const columns = this.columns.get(run_id);
			const color = theme.series[style % theme.series.length] ?? theme.text;
			if (columns?.length) courses.push({ name, color, columns });
		}
		if (courses.length > 1) {
			const color = theme.series[this.host.style() % theme.series.length] ?? theme.accent;
			courses[0] = { name: this.host.name(), color, columns: own };
		}
		this[shown.form].show(courses, this.place, theme, shown.isLog);
	}
}
