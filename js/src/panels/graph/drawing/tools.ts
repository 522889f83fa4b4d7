// The buttons of the graph panel: direction, view, files, zoom.
import { element } from "../../../ui/element";
import { segmentedControl } from "../../../ui/segmented-control";
import type { Direction } from "../layout/level";
import { save, toPng } from "./export";

export interface ToolActions {
	direct(direction: Direction): void;
	view(view: "graph" | "table"): void;
	/** The whole graph as SVG. */
	file(): string;
	warn(problem: string): void;
}

/** The panel's tools, right of its title. */
export function tools(actions: ToolActions): HTMLElement[] {
	const direction = segmentedControl<Direction>(
		"Direction",
		{ "↓": "TB", "→": "LR" },
		"TB",
		actions.direct,
	);
	const titles = ["From top to bottom", "From left to right"];
	for (const [i, button] of [...direction.children].entries()) {
		button.setAttribute("title", titles[i] ?? "");
		button.setAttribute("aria-label", titles[i] ?? "");
	}
	return [
		direction,
		segmentedControl<"graph" | "table">(
			"View",
			{ Graph: "graph", Table: "table" },
			"graph",
			actions.view,
		),
		button("SVG", "Save as SVG", () => saveSvg(actions), "nbviz-button-quiet"),
		button("PNG", "Save as PNG", () => void savePng(actions), "nbviz-button-quiet"),
	];
}

function saveSvg({ file }: ToolActions): void {
	save(new Blob([file()], { type: "image/svg+xml" }), "model.svg");
}

async function savePng({ file, warn }: ToolActions): Promise<void> {
	try {
		save(await toPng(file()), "model.png");
	} catch (error) {
		warn(error instanceof Error ? error.message : String(error));
	}
}

/** The buttons over the drawing. */
export function zoomButtons(zoom: (factor: number) => void, fit: () => void): HTMLElement {
	return element(
		"div",
		"nbviz-graph-zoom",
		{},
		button("+", "Zoom in", () => zoom(1.25)),
		button("−", "Zoom out", () => zoom(0.8)),
		button("Fit", "Show the whole graph", fit),
	);
}

function button(text: string, label: string, act: () => void, look = ""): HTMLElement {
	const made = element(
		"button",
		`nbviz-button nbviz-button-small ${look}`.trim(),
		{ type: "button", title: label, "aria-label": label },
		text,
	);
	made.addEventListener("click", act);
	return made;
}
