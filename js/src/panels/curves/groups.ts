// Where charts stand: in one grid, or, where they come by the hundred, in groups that are folded at
// first; a folded chart costs nothing. Of a large group only the first charts are shown.
import { groupTitles, type TagGroup } from "../../charts/tag-groups";
import { element } from "../../ui/element";
import { formatCount } from "../../ui/format";
import { icon } from "../../ui/icons";

/** Charts shown in one grid until more are asked for, and how many more that brings. */
const SHOWN = 48;

interface Place {
	readonly root: HTMLElement;
	readonly toggle: HTMLButtonElement;
	readonly count: HTMLElement;
	/** All that is hidden while the group is folded. */
	readonly body: HTMLElement;
	readonly grid: HTMLElement;
	readonly more: HTMLButtonElement;
	/** Said of charts that would show nothing but 0. */
	readonly zeros: HTMLElement;
	readonly groups: HTMLElement;
	limit: number;
}

let made = 0;

export class CurvesGroups {
	readonly root: HTMLElement;
	private readonly places = new Map<string, Place>();
	private readonly main: Place;
	private readonly opened: Set<string>;
	/** Folded although what a filter finds is shown. */
	private readonly foldedFound = new Set<string>();
	private filter = "";
	/** The filter finds so few that they are all shown. */
	private isFound = false;

	/** `changed` is called when a group is opened or closed; `opened` are the paths of open groups. */
	constructor(
		opened: readonly string[],
		private readonly changed: () => void,
	) {
		this.opened = new Set(opened);
		this.main = this.place("", "");
		this.root = this.main.body;
	}

	/** The paths of the groups that were opened. */
	get open(): readonly string[] {
		return [...this.opened];
	}

	/**
	 * The charts to show, with the grid that they stand in. The few that a filter finds are shown
	 * whether or not their group is open. Those that are `leading` stand before all groups.
	 */
	arrange(
		titles: readonly string[],
		filter: string,
		leading: readonly string[] = [],
	): Map<HTMLElement, readonly string[]> {
		if (filter !== this.filter) this.foldedFound.clear();
		this.filter = filter;
		const shown = new Map<HTMLElement, readonly string[]>();
		this.isFound = filter !== "" && titles.length <= SHOWN;
		const seen = new Set<Place>([this.main]);
		const all = groupTitles(titles.filter((title) => !leading.includes(title)));
		this.fill(this.main, { ...all, titles: [...leading, ...all.titles] }, shown, seen);
		for (const one of this.places.values()) {
			if (seen.has(one)) continue;
			one.root.hidden = true;
			shown.set(one.grid, []);
		}
		return shown;
	}

	/** Hides these charts, and says below their grids how many there are. */
	foldZeros(charts: ReadonlySet<HTMLElement>): void {
		for (const { grid, zeros } of this.places.values()) {
			let count = 0;
			for (const chart of grid.children as Iterable<HTMLElement> & HTMLCollection) {
				const isFolded = charts.has(chart as HTMLElement);
				(chart as HTMLElement).hidden = isFolded;
				if (isFolded) count += 1;
			}
			zeros.hidden = count === 0;
			const counts = count === 1 ? "one count is" : `${formatCount(count)} counts are all`;
			const text = `No NaN and no infinities: ${counts} 0.`;
			if (count > 0 && zeros.textContent !== text) zeros.textContent = text;
		}
	}

	private fill(
		place: Place,
		group: TagGroup,
		shown: Map<HTMLElement, readonly string[]>,
		seen: Set<Place>,
	): void {
		const { titles } = group;
		shown.set(place.grid, titles.slice(0, place.limit));
		place.grid.hidden = titles.length === 0;
		const left = titles.length - place.limit;
		place.more.hidden = left <= 0;
		place.more.textContent = `Show ${formatCount(Math.min(left, SHOWN))} more of ${formatCount(left)}`;
		place.groups.hidden = group.groups.length === 0;
		for (const [i, inside] of group.groups.entries()) {
			const one = this.places.get(inside.path) ?? this.place(inside.path, inside.name);
			seen.add(one);
			const { children } = place.groups;
			if (children[i] !== one.root) place.groups.insertBefore(one.root, children[i] ?? null);
			const isOpen = this.isOpen(inside.path);
			const { count } = inside;
			one.count.textContent = `${formatCount(count)} ${count === 1 ? "chart" : "charts"}`;
			one.toggle.setAttribute("aria-expanded", String(isOpen));
			one.body.hidden = !isOpen;
			one.root.hidden = false;
			if (isOpen) this.fill(one, inside, shown, seen);
			else shown.set(one.grid, []);
		}
	}

	private isOpen(path: string): boolean {
		return this.isFound ? !this.foldedFound.has(path) : this.opened.has(path);
	}

	private place(path: string, name: string): Place {
		const id = `nbviz-curves-group-${++made}`;
		const count = element("span", "nbviz-curves-count");
		const toggle = element(
			"button",
			"nbviz-panel-toggle nbviz-curves-heading",
			{ type: "button", "aria-expanded": "false", "aria-controls": id },
			icon("chevron"),
			name,
			count,
		);
		const grid = element("div", "nbviz-chart-grid");
		const more = element("button", "nbviz-button nbviz-button-small nbviz-curves-more", {
			type: "button",
		});
		const zeros = element("p", "nbviz-curves-zeros", { hidden: "" });
		const groups = element("div", "nbviz-curves-groups");
		const body = element("div", "nbviz-curves-body", { id }, grid, zeros, more, groups);
		const root = element("section", "nbviz-curves-group", { "aria-label": path }, toggle, body);
		const place: Place = { root, toggle, count, body, grid, zeros, more, groups, limit: SHOWN };
		more.addEventListener("click", () => {
			place.limit += SHOWN;
			this.changed();
		});
		toggle.addEventListener("click", () => {
			// What a filter opened is folded for as long as the filter stands.
			flip(this.isFound ? this.foldedFound : this.opened, path);
			this.changed();
		});
		this.places.set(path, place);
		return place;
	}
}

function flip(set: Set<string>, value: string): void {
	if (!set.delete(value)) set.add(value);
}
