// What stands above the table: filter, groups, columns, plots, export.
import { element } from "../../ui/element";
import { panelIcon } from "../../ui/panel-icons";
import { segmentedControl } from "../../ui/segmented-control";
import { mainTags, type PlotKind, type RunsChoices } from "./choices";
import type { Column } from "./columns";
import { ColumnPicker } from "./menus";
import type { Shown } from "./model";

export interface RunsActions {
	/** A choice was changed. */
	changed(): void;
	/** Another plot, or other axes. */
	plotChanged(): void;
	save(): void;
	/** All as before anything was chosen. */
	reset(): void;
}

const FILTER_HELP =
	'Words that a name or a hyper-parameter holds (-word: does not), /patterns/, and ranges: adam -old /wide|deep/ lr<0.01 accuracy>0.9 model="res net"';

export class RunsControls {
	/** In the card's header. */
	readonly tools: HTMLElement;
	/** Above the table. */
	readonly filterRow: HTMLElement;
	/** The columns of the scatter. */
	readonly axes = element("div", "nbviz-runs-axes");
	private readonly picker: ColumnPicker;
	private readonly group = element("select", "nbviz-select", { "aria-label": "Group by" });
	private readonly x = element("select", "nbviz-select", { "aria-label": "Horizontal axis" });
	private readonly y = element("select", "nbviz-select", { "aria-label": "Vertical axis" });
	private readonly plots = element("span", "nbviz-runs-plot-kinds");
	private readonly filter;
	private readonly differing;
	private listed = "";

	constructor(
		private readonly choices: RunsChoices,
		private readonly actions: RunsActions,
	) {
		const save = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-icon-button",
			{
				type: "button",
				title: "Save the table as CSV, as it is filtered and sorted now",
				"aria-label": "Save as CSV",
			},
			panelIcon("save"),
		);
		save.addEventListener("click", () => actions.save());
		const differing = element("input", "", { type: "checkbox" });
		this.differing = differing;
		differing.addEventListener("change", () => {
			choices.onlyDiffering = differing.checked;
			actions.changed();
		});
		const title = "Leave out hyper-parameters that are the same in all runs";
		this.picker = new ColumnPicker(
			(ids) => {
				choices.columns = ids;
				actions.changed();
			},
			element("label", "nbviz-runs-option", { title }, differing, "Only parameters that differ"),
			() => actions.reset(),
		);
		const filter = element("input", "nbviz-input nbviz-runs-filter", {
			type: "search",
			placeholder: "Filter: adam lr<0.01",
			"aria-label": "Filter runs",
			title: FILTER_HELP,
			spellcheck: "false",
		});
		this.filter = filter;
		filter.addEventListener("input", () => {
			choices.filter = filter.value.trim();
			actions.changed();
		});
		this.group.addEventListener("change", () => {
			choices.group = this.group.value;
			actions.changed();
		});
		for (const [name, select] of [
			["x", this.x],
			["y", this.y],
		] as const) {
			select.addEventListener("change", () => {
				choices[name] = select.value;
				actions.plotChanged();
			});
		}
		this.axes.append(
			element("label", "nbviz-strip-field", {}, "y", this.y),
			element("label", "nbviz-strip-field", {}, "over x", this.x),
		);
		this.tools = element("div", "nbviz-runs-tools", {}, this.plots, this.picker.root, save);
		this.filterRow = element("div", "nbviz-runs-filters", {}, filter, this.group);
		this.show();
	}

	/** Has the fields show what is chosen. */
	show(): void {
		const { choices } = this;
		this.filter.value = choices.filter;
		this.differing.checked = choices.onlyDiffering;
		this.group.value = choices.group;
		const kinds = { Table: "none", Parallel: "parallel", Scatter: "scatter" } as const;
		this.plots.replaceChildren(
			segmentedControl<PlotKind>("Plot", kinds, choices.plot, (plot) => {
				choices.plot = plot;
				this.actions.plotChanged();
			}),
		);
	}

	remove(): void {
		this.picker.remove();
	}

	update({ all, columns, groupable }: Shown): void {
		this.picker.update(
			all,
			columns.map(({ id }) => id),
		);
		const key = `${all.length} ${groupable.map(({ id }) => id)} ${this.choices.group}`;
		if (key === this.listed) return;
		this.listed = key;
		const known = groupable.some(({ id }) => id === this.choices.group);
		const chosen = all.filter(({ id }) => id === this.choices.group && !known);
		this.group.replaceChildren(
			element("option", "", { value: "" }, "No groups"),
			...[...groupable, ...chosen].map(({ id, title }) =>
				element("option", "", { value: id }, `By ${title}`),
			),
		);
		this.group.value = this.choices.group;
		for (const select of [this.x, this.y]) {
			select.replaceChildren(...options(all.filter(({ id }) => id !== "name")));
		}
	}

	/** The columns of the scatter: those chosen, else a hyper-parameter that differs and the main value. */
	scatterColumns({ all, groupable, columns }: Shown): [Column | undefined, Column | undefined] {
		const find = (id: string) => all.find((column) => column.id === id);
		const [metric] = mainTags(all);
		const numeric = columns.filter(({ kind, isNumber }) => kind === "parameter" && isNumber);
		const x = find(this.choices.x) ?? numeric[0] ?? groupable[0] ?? find("step");
		const y = find(this.choices.y) ?? find(`best:${metric}`) ?? find("duration");
		if (x) this.x.value = x.id;
		if (y) this.y.value = y.id;
		return [x, y];
	}
}

function options(columns: readonly Column[]): HTMLElement[] {
	return columns.map(({ id, title }) => element("option", "", { value: id }, title));
}
