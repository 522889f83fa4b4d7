// How high charts are and in how many columns they stand: as chosen; else, where the curves have a room of
// a fixed height, the two that matter most fill what a row of small ones leaves.
import { AXIS_HEIGHT } from "../../charts/lines/axes";
import type { ViewState } from "../../ui/view-state";

/** Under this name the choice is kept. */
const STATE_NAME = "charts";
const SMALL = 92;
/** Title and gap of a chart, and the strip above all charts. */
const AROUND_CHART = 34;
const STRIP = 44;
/** What shows of the groups below, so that they are found. */
const GROUPS = 30;
const LOWEST = 104;
const HIGHEST = 440;
/** From this width the first two charts stand side by side; as in curves.css. */
const SIDE_BY_SIDE = 860;
export const HEIGHT_CHANGES = { LOWER: 1 / 1.25, HIGHER: 1.25 };

export interface ChartSizes {
	/** Factor by which the height changes. */
	readonly change: number;
	readonly columns: number;
}

export class ChartFit {
	private readonly sizes = new ResizeObserver(() => this.fit());
	private readonly room: HTMLElement | null;
	private fitted = 190;

	constructor(
		host: HTMLElement,
		private readonly body: HTMLElement,
		private readonly viewState: ViewState,
	) {
		this.room = host.closest<HTMLElement>('[data-arrangement="screen"] .nbviz-main');
		for (const one of [this.room, body]) if (one) this.sizes.observe(one);
	}

	stop(): void {
		this.sizes.disconnect();
	}

	/** Takes what a reader chooses; nothing fits the charts to the view again. */
	resize({ change, columns }: Partial<ChartSizes>): void {
		const kept = this.viewState.read(STATE_NAME);
		const height = Number(kept.height) || this.fitted;
		const higher = Math.round(Math.min(2 * HIGHEST, Math.max(LOWEST, height * (change ?? 1))));
		if (change !== undefined) this.viewState.write(STATE_NAME, { ...kept, height: higher });
		else if (columns !== undefined) this.viewState.write(STATE_NAME, { ...kept, columns });
		else this.viewState.write(STATE_NAME, {});
		this.fit();
	}

	/** Fits the charts that stand there now. */
	fit(): void {
		const { height, columns } = this.viewState.read(STATE_NAME);
		const { style, dataset } = this.body;
		const count = Number(columns);
		if (count > 0) {
			dataset.columns = String(count);
			style.setProperty("--columns", String(count));
		} else delete dataset.columns;
		const fitted = this.room && this.fittedTo(this.room);
		this.fitted = fitted ?? this.fitted;
		const chosen = Number(height) > 0 ? Number(height) : fitted;
		const small = count > 0 || Number(height) > 0 ? chosen : undefined;
		set(style, "--plot-height", chosen);
		set(style, "--small-plot-height", small);
	}

	private fittedTo(room: HTMLElement): number {
		const grid = this.body.querySelector<HTMLElement>(":scope > .nbviz-chart-grid");
		const count = Number(grid?.dataset.count ?? 0);
		// A room that is as high as its charts would grow with them.
		if (getComputedStyle(room).maxHeight !== "none") return count === 1 ? 240 : 150;
		const { clientHeight, clientWidth } = room;
		const rows = count < 2 || clientWidth >= SIDE_BY_SIDE ? 1 : 2;
		const isLone = count === 3;
		const names = isLone ? AXIS_HEIGHT : legendHeight(grid);
		const small = count > 2 ? SMALL + AROUND_CHART + names : 0;
		const groups = this.body.querySelector(".nbviz-curves-group:not([hidden])") ? GROUPS : 0;
		// Of charts below one another the last one shows the axis of all.
		const shared = (isLone && rows > 1 ? rows : rows - 1) * AXIS_HEIGHT;
		const left = (clientHeight - STRIP - small - groups + shared) / rows - AROUND_CHART;
		return Math.round(Math.min(HIGHEST, Math.max(LOWEST, left)));
	}
}

function set(style: CSSStyleDeclaration, name: string, pixels: number | null | undefined): void {
	if (pixels) style.setProperty(name, `${pixels}px`);
	else style.removeProperty(name);
}

/** Of the small charts, whose names stand below their titles. */
function legendHeight(grid: HTMLElement | null): number {
	const legends =
		grid?.querySelectorAll<HTMLElement>('[data-is-main="false"] > .nbviz-legend') ?? [];
	return Math.max(0, ...[...legends].map(({ offsetHeight }) => offsetHeight));
}
