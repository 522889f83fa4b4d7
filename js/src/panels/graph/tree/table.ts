// The graph as a table of what is shown, for screen readers and for reading.

import type { GraphNode } from "../../../protocol/index.gen";
import { element } from "../../../ui/element";
import { formatCount, formatShape } from "../../../ui/format";
import type { GraphTree } from "./tree";

const COLUMNS = ["Type", "Settings", "Output", "Parameters", "FLOP", "Source"] as const;

/** What was measured of the boxes: what it is, "" for nothing, and each box's value as text. */
export interface Measured {
	readonly label: string;
	text(id: string): string | undefined;
}

/**
 * A table of all boxes that are shown, with what is measured of them beside their names; `toggle` opens and
 * closes the box of a row.
 */
export function tableOf(
	tree: GraphTree,
	toggle: (id: string) => void,
	measured: Measured,
): HTMLTableElement {
	const columns = ["Name", ...(measured.label ? [measured.label] : []), ...COLUMNS];
	const head = element(
		"tr",
		"",
		{},
		...columns.map((name) => element("th", "", { scope: "col" }, name)),
	);
	const rows: HTMLElement[] = [];
	const add = (scope: string, depth: number) => {
		for (const node of tree.level(scope)?.nodes ?? []) {
			const made = row(node, depth, tree.open.has(node.node_id), toggle);
			if (measured.label) {
				const id = node.node_id;
				made.children[0]?.after(element("td", "nbviz-graph-value", { "data-node-id": id }));
			}
			rows.push(made);
			if (tree.open.has(node.node_id)) add(node.node_id, depth + 1);
		}
	};
	add("", 0);
	const table = element(
		"table",
		"nbviz-graph-table",
		{ "aria-label": "Modules and operations" },
		element("thead", "", {}, head),
		element("tbody", "", {}, ...rows),
	);
	fillMeasured(table, measured);
	return table;
}

/** Shows what is measured now in the rows that are there. */
export function fillMeasured(table: HTMLElement, { text }: Measured): void {
	for (const cell of table.querySelectorAll<HTMLElement>(".nbviz-graph-value")) {
		const now = text(cell.dataset.nodeId ?? "") ?? "";
		if (cell.textContent !== now) cell.textContent = now;
	}
}

function row(
	node: GraphNode,
	depth: number,
	open: boolean,
	toggle: (id: string) => void,
): HTMLTableRowElement {
	const name = element("th", "", {
		scope: "row",
		style: `padding-inline-start:${8 + depth * 16}px`,
	});
	if (node.child_count > 0) {
		const button = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-button-small",
			{ type: "button", "aria-expanded": String(open) },
			`${open ? "▾" : "▸"} ${node.label}`,
		);
		button.addEventListener("click", () => toggle(node.node_id));
		name.append(button);
	} else name.append(node.label);
	const cells = [
		node.type,
		node.detail,
		node.output_shapes.map(formatShape).join(", "),
		node.parameter_count > 0 ? formatCount(node.parameter_count) : "",
		node.flops > 0 ? formatCount(node.flops) : "",
		node.source,
	];
	return element("tr", "", {}, name, ...cells.map((text) => element("td", "", {}, text)));
}
