// The charts that exist: made where they are shown, removed elsewhere, and drawn while in the viewport.
import type { ChartCard } from "./chart-card";

/** The first charts are those that matter most. */
const MAIN_CHARTS = 2;

export class ChartCards {
	private readonly cards = new Map<string, ChartCard>();
	private readonly onScreen = new Set<Element>();
	private readonly screen: IntersectionObserver;

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
				const { root } = this.cards.get(title) ?? this.add(title);
				root.dataset.isMain = String(grid === main && i < MAIN_CHARTS);
				if (grid.children[i] !== root) grid.insertBefore(root, grid.children[i] ?? null);
			}
			grid.dataset.count = String(titles.length);
		}
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

	private add(title: string): ChartCard {
		const chart = this.make(title);
		this.cards.set(title, chart);
		this.screen.observe(chart.root);
		return chart;
	}
}
