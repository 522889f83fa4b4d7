// Which drawing a plot has; of kinds that have none, what shows them.
import { element } from "../../ui/element";
import type { Plot, PlotDrawing } from "./drawing";
import { ParallelView } from "./parallel-view";
import { PlaneView } from "./plane-view";
import { RoundView } from "./round-view";
import { PLANE_KINDS } from "./series";
import { SPACE_KINDS, SpacePlot } from "./space-plot";

export type Family = "plane" | "round" | "space" | "parallel" | "none";

export function familyOf(plot: Plot): Family {
	const kinds = plot.traces.map((trace) => trace.type ?? "scatter");
	if (kinds.every((kind) => PLANE_KINDS.includes(kind))) return "plane";
	if (kinds.every((kind) => SPACE_KINDS.includes(kind))) return "space";
	if (kinds.every((kind) => kind === "pie" || kind === "sunburst")) return "round";
	return kinds.every((kind) => kind === "parcoords") ? "parallel" : "none";
}

export function drawingOf(family: Family): PlotDrawing {
	switch (family) {
		case "plane":
			return new PlaneView();
		case "round":
			return new RoundView();
		case "space":
			return new SpacePlot();
		case "parallel":
			return new ParallelView();
		case "none":
			return new Unknown();
	}
}

/** Says that it draws nothing. */
class Unknown implements PlotDrawing {
	readonly root = element("p", "nbviz-window-note", { role: "note" });

	take({ traces }: Plot): void {
		const kinds = [...new Set(traces.map((trace) => trace.type ?? "scatter"))].join(", ");
		this.root.textContent =
			`Plotly's ${kinds} is not drawn in a window. ` +
			"nbviz.Run().log_figure(…) shows it, as does Plotly's own FigureWidget.";
	}

	draw(): void {}

	remove(): void {
		this.root.remove();
	}
}
