// The graph as a table of what is shown, for screen readers and for reading.

import type { GraphNode } from "../../../protocol/index.gen";
import { element } from "../../../ui/element";
import { formatCount, formatShape } from "../../../ui/format";
import type { GraphTree } from "./tree";

const COLUMNS = ["Name", "Type", "Settings", "Output", "Parameters", "FLOP", "Source"] as const;

/** A table of all boxes that are shown; `toggle` opens and closes the box of a row. */
export function tableOf(tree: GraphTree, toggle: (id: string) => void): HTMLTableElement {
	const head = element(
		"tr",
		"",
		{},
		...COLUMNS.map((name) => element("th", "", { scope: "col" }, name)),
	);
	const rows: HTMLElement[] = [];
	const add = (scope: string, depth: number) => {
		for (const node of tree.level(scope)?.nodes ?? []) {
			rows.push(row(node, depth, tree.open.has(node.node_id), toggle));
			if (tree.open.has(node.node_id)) add(node.node_id, depth + 1);
		}
	};
	add("", 0);
	return element(
		"table",
		"nbviz-graph-table",
		{ "aria-label": "Modules and operations" },
		element("thead", "", {}, head),
		element("tbody", "", {}, ...rows),
	);
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
