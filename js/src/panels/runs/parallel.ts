// The runs as lines over the columns of their table.
import { ParallelPlot as LinesOverAxes } from "../../charts/parallel/parallel-plot";
import { dashOf } from "../../charts/run-style";
import type { RunState } from "../../session/run";
import { colourOf, type PlotContent, type PlotListener } from "./plot-surface";

export class ParallelPlot {
	readonly root: HTMLElement;
	private readonly plot: LinesOverAxes<RunState>;

	constructor(listener: PlotListener) {
		this.plot = new LinesOverAxes<RunState>(listener, {
			"aria-label": "Runs as lines over the columns",
			"aria-description":
				"Drag along an axis to keep a range; the filter does the same by keyboard.",
		});
		this.root = this.plot.root;
		this.root.classList.add("nbviz-runs-plot");
	}

	draw({ runs, columns, theme, pointed }: PlotContent): void {
		const lines = runs.map(({ run, isShown }) => ({
			item: run,
			id: run.run_id,
			isShown,
			color: colourOf(run, theme),
			dash: dashOf(run.style),
		}));
		this.plot.draw({ lines, columns, theme, pointed });
	}

	/** Takes all ranges away. */
	clear(): void {
		this.plot.clear();
	}
}
