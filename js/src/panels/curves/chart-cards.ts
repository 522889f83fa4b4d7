// The charts that exist: made where they are shown, removed elsewhere, and drawn while in the viewport.
import type { ChartCard } from "./chart/chart-card";

/** The first charts are those that matter most. */
const MAIN_CHARTS = 2;

export class ChartCards {
	private readonly cards = new Map<string, ChartCard>();
	private readonly onScreen = new Set<Element>();
	private readonly screen: IntersectionObserver;
	/** Which charts had a range of their own when it was last decided who shows an axis. */
	private sharedFor: string | undefined;

	/** `make` a chart for a title; `seen` is called when charts enter or leave the viewport. */
	constructor(
		private readonly make: (title: string) => ChartCard,
		seen: () => void,
	) {
		this.screen = new IntersectionObserver(
			(entries) => {
				for (const { target, isIntersecting } of entries) {
					if (isIntersecting) this.onScreen.add(target);
					else this.onScreen.delete(target);
				}
				seen();
			},
			{ rootMargin: "200px" },
		);
	}

	/** Makes and removes charts until each grid has those of its titles, in order. */
	arrange(places: ReadonlyMap<HTMLElement, readonly string[]>): void {
		this.moved();
		const wanted = new Set([...places.values()].flat());
		for (const [title, chart] of this.cards) {
			if (wanted.has(title)) continue;
			this.screen.unobserve(chart.root);
			this.onScreen.delete(chart.root);
			chart.destroy();
			this.cards.delete(title);
		}
		const [main] = places.keys();
		for (const [grid, titles] of places) {
			for (const [i, title] of titles.entries()) {
				const isMain = grid === main && i < MAIN_CHARTS;
				const { root } = this.cards.get(title) ?? this.add(title, isMain);
				root.dataset.isMain = String(isMain);
				// It stands below the main ones, as they do, if lower.
				root.dataset.isLone = String(!isMain && grid === main && titles.length === MAIN_CHARTS + 1);
				if (grid.children[i] !== root) grid.insertBefore(root, grid.children[i] ?? null);
			}
			grid.dataset.count = String(titles.length);
		}
	}

	/**
	 * Says which charts show their x axis: of those below one another with the same range only the
	 * last one, and of several small ones beside the main ones none. Call it once they stand.
	 */
	shareAxes(): void {
		const apart = this.all.map(({ isApart }) => isApart).join();
		if (apart === this.sharedFor) return;
		this.sharedFor = apart;
		const below = new Map<string, ChartCard>();
		const placed = this.all.map((chart) => ({ chart, box: chart.root.getBoundingClientRect() }));
		placed.sort((a, b) => a.box.top - b.box.top);
		for (const { chart, box } of placed) {
			const isBeside = isSmall(chart.root);
			chart.xAxis = isBeside && !chart.isApart ? "none" : "titled";
			if (box.width === 0 || isBeside) continue;
			const column = `${Math.round(box.left)} ${Math.round(box.right)}`;
			const above = below.get(column);
			if (above && !above.isApart && !chart.isApart) above.xAxis = "none";
			below.set(column, chart);
		}
	}

	/** Says which grids have a large chart with names beside it: all others leave as much room. */
	shareNames(): void {
		const named = this.all.filter(({ root }) => root.dataset.named === "true" && !isSmall(root));
		const grids = new Set(named.map(({ root }) => root.parentElement));
		for (const { root } of this.all) {
			const grid = root.parentElement;
			if (grid) grid.dataset.named = String(grids.has(grid));
		}
	}

	/** Charts stand elsewhere than before. */
	moved(): void {
		this.sharedFor = undefined;
	}

	get titles(): string[] {
		return [...this.cards.keys()];
	}

	get all(): ChartCard[] {
		return [...this.cards.values()];
	}

	get(title: string): ChartCard | undefined {
		return this.cards.get(title);
	}

	isInSight({ root }: ChartCard): boolean {
		return this.onScreen.has(root);
	}

	remove(): void {
		this.screen.disconnect();
		for (const chart of this.cards.values()) chart.destroy();
	}

	private add(title: string, isMain: boolean): ChartCard {
		const chart = this.make(title);
		this.cards.set(title, chart);
		// What is seen is known a frame later only.
		if (isMain) this.onScreen.add(chart.root);
		this.screen.observe(chart.root);
		return chart;
	}
}

/** Whether a chart is one of the small ones beside the main ones, as in chart.css. */
function isSmall(root: HTMLElement): boolean {
	const { isMain, isLone, enlarged } = root.dataset;
	const isLarge = isMain === "true" || isLone === "true" || enlarged === "true";
	return (
		!isLarge && root.closest("[data-columns]") === null && root.closest(".nbviz-main") !== null
	);
}
