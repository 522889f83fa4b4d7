// Charts that come by the hundred, as those of a watched model, stand folded below the others, by
// what their tags begin with; a folded one costs nothing.
import { formatCount } from "../format";
import { icon } from "./icons";
import { element } from "./panel";

/** As `Run.watch` writes them: `weights/conv1.weight/norm`, after a name where it has one. */
const WATCHED = /^(?:.+\/)?(?:weights|gradients|activations|updates|update_to_weight_ratio)\//;

interface Group {
	readonly root: HTMLElement;
	readonly grid: HTMLElement;
	readonly toggle: HTMLButtonElement;
	readonly count: HTMLElement;
	isOpen: boolean;
}

let made = 0;

export class CurvesGroups {
	readonly root = element("div", "nbviz-curves-groups");
	private readonly groups = new Map<string, Group>();

	/** `changed` is told that a group was opened or closed. */
	constructor(private readonly changed: () => void) {}

	/**
	 * The charts to show, with the element that they stand in. Those found by a filter are shown
	 * whether or not their group is open.
	 */
	arrange(
		titles: readonly string[],
		main: HTMLElement,
		isFiltered: boolean,
	): Map<HTMLElement, string[]> {
		const shown = new Map<HTMLElement, string[]>([[main, []]]);
		const byGroup = new Map<string, string[]>();
		for (const title of titles) {
			const name = groupOf(title);
			if (name === "") shown.get(main)?.push(title);
			else byGroup.set(name, [...(byGroup.get(name) ?? []), title]);
		}
		for (const [name, of] of byGroup) {
			const group = this.groups.get(name) ?? this.add(name);
			const isOpen = group.isOpen || isFiltered;
			group.count.textContent = `${formatCount(of.length)} ${of.length === 1 ? "chart" : "charts"}`;
			group.toggle.setAttribute("aria-expanded", String(isOpen));
			group.grid.hidden = !isOpen;
			shown.set(group.grid, isOpen ? of : []);
		}
		for (const [name, group] of this.groups) group.root.hidden = !byGroup.has(name);
		main.hidden = shown.get(main)?.length === 0;
		return shown;
	}

	private add(name: string): Group {
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
		const grid = element("div", "nbviz-chart-grid", { id });
		const root = element("section", "nbviz-curves-group", { "aria-label": name }, toggle, grid);
		const group: Group = { root, grid, toggle, count, isOpen: false };
		toggle.addEventListener("click", () => {
			group.isOpen = !group.isOpen;
			this.changed();
		});
		this.groups.set(name, group);
		this.root.append(root);
		return group;
	}
}

/** True for a tag as `Run.watch` writes them. */
export function isWatched(tag: string): boolean {
	return WATCHED.test(tag);
}

/** True for a watched model's tag of a module, by its path, or of what is in the module. */
export function isOfModule(tag: string, path: string): boolean {
	if (path === "" || !isWatched(tag)) return false;
	const name = tag.slice(groupOf(tag).length + 1);
	return name === path || name.startsWith(`${path}.`) || name.startsWith(`${path}/`);
}

/** What a watched model's tag begins with; empty for all others. */
export function groupOf(title: string): string {
	return WATCHED.exec(title)?.[0].slice(0, -1) ?? "";
}
