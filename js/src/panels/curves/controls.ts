// The controls above the charts: smoothing, axes, outliers, filter, reset, export.
import type { XKind } from "../../charts/lines/axis";
import { element } from "../../ui/element";
import { formatCount } from "../../ui/format";
import { icon } from "../../ui/icons";
import { menu } from "../../ui/menu";
import { panelIcon } from "../../ui/panel-icons";
import { popup } from "../../ui/popup";
import type { ExportFormat } from "./chart/chart-menu";
import type { View } from "./chart-curves";
import { type ChartSizes, HEIGHT_CHANGES } from "./fit";
import { smoothingSlider } from "./smoothing-slider";

const X_KINDS: [XKind, string][] = [
	["step", "Step"],
	["epoch", "Epoch"],
	["time", "Time"],
];

export interface ControlsActions {
	/** The view was changed. */
	changed(): void;
	filter(text: string): void;
	reset(): void;
	save(format: ExportFormat): void;
	/** Draw charts higher or lower, in so many columns. */
	resize(sizes: Partial<ChartSizes>): void;
	/** Save nothing of what is waited for. */
	cancelSave(): void;
	/** Have each chart look and stand as at first: what was joined, pinned and set for one alone. */
	forgetCharts(): void;
}

export class CurvesControls {
	readonly root = element("div", "nbviz-strip");
	private readonly resetButton = element(
		"button",
		"nbviz-button nbviz-button-quiet nbviz-button-small",
		{
			type: "button",
			title: "Show all again (double-click on a chart, or 0)",
			"aria-label": "Reset zoom",
		},
		icon("reset"),
		element("span", "nbviz-long", {}, "Reset zoom"),
	);
	private readonly filterBox = element("input", "nbviz-input nbviz-filter", {
		type: "search",
		placeholder: "Filter tags",
		"aria-label": "Filter tags",
		title: "Part of a tag, or a regular expression such as layer[12]/.*norm",
		spellcheck: "false",
		hidden: "",
	});
	private readonly foundCount = element("output", "nbviz-strip-found", { hidden: "" });
	private readonly epochOption = element("option", "", { value: "epoch" }, "Epoch");
	private readonly saveButton = element(
		"button",
		"nbviz-button nbviz-button-quiet nbviz-button-small",
		{
			type: "button",
			title: "Save all charts that pass the filter, those of closed groups too",
			"aria-label": "Save",
		},
		panelIcon("save"),
		element("span", "nbviz-long", {}, "Save"),
	);
	/** In place of the save button while points are on their way. */
	private readonly waiting = element("button", "nbviz-button nbviz-button-small", {
		type: "button",
		title: "Click to save nothing",
		"aria-busy": "true",
		hidden: "",
	});
	private readonly closeMenu: () => void;

	constructor(
		private readonly view: View,
		filter: string,
		actions: ControlsActions,
	) {
		const xAxis = element(
			"select",
			"nbviz-select",
			{ "aria-label": "Horizontal axis" },
			...X_KINDS.map(([kind, name]) =>
				kind === "epoch" ? this.epochOption : element("option", "", { value: kind }, name),
			),
		);
		xAxis.value = view.xKind;
		xAxis.addEventListener("change", () => {
			const kind = X_KINDS.find(([candidate]) => candidate === xAxis.value)?.[0];
			view.xKind = kind ?? "step";
			view.zoom = undefined;
			actions.changed();
		});
		const log = this.toggle(
			"Log",
			"Logarithmic values; those up to 0 have no place on it",
			view.isLog,
			(on) => {
				view.isLog = on;
				actions.changed();
			},
		);
		const outliers = this.toggle(
			"Clip",
			"Scale the values' axis to the middle 90 % of what is in sight",
			view.ignoresOutliers,
			(on) => {
				view.ignoresOutliers = on;
				actions.changed();
			},
		);
		this.filterBox.value = filter;
		this.filterBox.addEventListener("input", () => actions.filter(this.filterBox.value));
		this.resetButton.addEventListener("click", () => actions.reset());
		const exporting = menu(this.saveButton, [
			{ label: "PNG picture", run: () => actions.save("png") },
			{ label: "SVG drawing", run: () => actions.save("svg") },
			{ label: "CSV values", run: () => actions.save("csv") },
		]);
		const more = this.more(actions);
		const smoothing = this.smoothing(actions);
		this.closeMenu = () => {
			for (const one of [exporting, more, smoothing]) one.close();
		};
		this.waiting.addEventListener("click", () => actions.cancelSave());
		this.root.append(
			this.filterBox,
			this.foundCount,
			this.resetButton,
			smoothing.root,
			element(
				"label",
				"nbviz-strip-field",
				{},
				element("span", "nbviz-strip-word", {}, "x axis"),
				xAxis,
			),
			element("div", "nbviz-segments", { role: "group", "aria-label": "Values" }, log, outliers),
			exporting.root,
			this.waiting,
			more.root,
			help(),
		);
		this.update(false, 0);
	}

	/** Fits the controls to what there is: epochs to count in, tags to filter, a zoom to leave. */
	update(hasEpochs: boolean, tags: number, isZoomed = false): void {
		this.epochOption.disabled = !hasEpochs;
		this.filterBox.hidden = tags <= FILTER_FROM && this.filterBox.value === "";
		this.resetButton.hidden = !isZoomed;
	}

	/** Tells how many of all charts the filter finds; undefined where nothing is filtered. */
	found(charts: number | undefined, all: number): void {
		this.foundCount.hidden = charts === undefined;
		this.foundCount.textContent = `${formatCount(charts ?? 0)} of ${formatCount(all)}`;
	}

	/** Says what a save waits for; undefined for nothing. The focus stays on what is pressed next. */
	waits(progress: string | undefined): void {
		const [before, now] =
			progress === undefined ? [this.waiting, this.saveButton] : [this.saveButton, this.waiting];
		const hadFocus = document.activeElement === before;
		this.waiting.textContent = progress ?? "";
		this.waiting.hidden = progress === undefined;
		this.saveButton.hidden = progress !== undefined;
		if (hadFocus) now.focus();
	}

	destroy(): void {
		this.closeMenu();
	}

	private smoothing(actions: ControlsActions): { root: HTMLElement; close(): void } {
		const value = element("b", "");
		const button = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-button-small",
			{ type: "button", title: "Smoothing of all charts" },
			element("span", "nbviz-strip-word", {}, "Smoothing"),
			value,
		);
		const show = () => {
			value.textContent = this.view.smoothing.toFixed(2);
			button.setAttribute("aria-label", `Smoothing ${value.textContent}`);
		};
		const slider = smoothingSlider(this.view.smoothing, (smoothing) => {
			this.view.smoothing = smoothing;
			show();
			actions.changed();
		});
		show();
		return popup(button, slider, "Smoothing");
	}

	/** How high charts are, in how many columns they stand, and what is drawn beside lines. */
	private more(actions: ControlsActions): { root: HTMLElement; close(): void } {
		const label = "Size of the charts, marks";
		const button = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-icon-button",
			{ type: "button", title: label, "aria-label": label },
			icon("more"),
		);
		const { LOWER, HIGHER } = HEIGHT_CHANGES;
		const { view } = this;
		return menu(button, () => [
			{ label: "Higher charts", run: () => actions.resize({ change: HIGHER }) },
			{ label: "Lower charts", run: () => actions.resize({ change: LOWER }) },
			...[1, 2, 3].map((columns) => ({
				label: `${columns} column${columns > 1 ? "s" : ""}`,
				run: () => actions.resize({ columns }),
			})),
			{ label: "Fitted to the view", run: () => actions.resize({}) },
			{
				label: view.hidesMarks ? "Show marks of pauses and changes" : "Hide marks",
				run: () => {
					view.hidesMarks = !view.hidesMarks;
					actions.changed();
				},
			},
			{ label: "Charts as at first", run: () => actions.forgetCharts() },
		]);
	}

	private toggle(
		label: string,
		title: string,
		isOn: boolean,
		set: (on: boolean) => void,
	): HTMLButtonElement {
		const button = element(
			"button",
			"nbviz-segment",
			{ type: "button", title, "aria-pressed": String(isOn) },
			label,
		);
		button.addEventListener("click", () => {
			const on = button.getAttribute("aria-pressed") !== "true";
			button.setAttribute("aria-pressed", String(on));
			set(on);
		});
		return button;
	}
}

const FILTER_FROM = 8;

const GESTURES = [
	["Drag", "zoom in"],
	["Shift + drag", "pan"],
	["Ctrl or ⌘ + wheel", "zoom"],
	["Shift + wheel", "pan"],
	["Double-click or 0", "show all"],
	["Shift + Enter", "show a focused line alone"],
	["← →", "move the cursor of a focused chart"],
	["+ −", "zoom a focused chart"],
	["Drag a title onto a chart", "draw both as one"],
	["Shift + arrow on a title", "draw it with its neighbour"],
	["Backspace on a title", "take it apart"],
];

/** What can be done with a chart, behind a question mark. */
function help(): HTMLElement {
	// No `dl`, of which JupyterLab's own style hides all but the first line.
	const rows = GESTURES.flatMap(([keys = "", meaning = ""]) => [
		element("b", "", {}, keys),
		element("span", "", {}, meaning),
	]);
	const label = "How to zoom and read the charts";
	const summary = element(
		"summary",
		"nbviz-button nbviz-button-quiet nbviz-icon-button",
		{ title: label, "aria-label": label },
		"?",
	);
	return element(
		"details",
		"nbviz-help",
		{},
		summary,
		element("div", "nbviz-help-list", {}, ...rows),
	);
}
