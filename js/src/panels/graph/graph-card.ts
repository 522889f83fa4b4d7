// The card of the graph panel: title, key, drawing or table, and what is said in place of both.

import type { GraphLevel } from "../../protocol/index.gen";
import type { Context } from "../../session/panel";
import { type Card, card } from "../../ui/card";
import { element } from "../../ui/element";
import { autogradKey } from "./drawing/autograd";
import { fillMeasured, type Measured, tableOf } from "./tree/table";
import type { GraphTree } from "./tree/tree";

/** What stands in the card from its top to its bottom, besides its own texts. */
interface Parts {
	readonly legend: HTMLElement;
	readonly viewport: HTMLElement;
	readonly strip: HTMLElement;
}

export class GraphCard {
	readonly root: HTMLElement;
	isTable = false;
	/** What the table's column of values is of. */
	private measured = "";
	private readonly table = element("div", "nbviz-graph-rows");
	private readonly card: Card;
	private readonly title = element("span", "nbviz-graph-title");
	private readonly keys = element("div", "nbviz-graph-keys");
	private readonly problem = element("p", "nbviz-empty", { role: "status" });
	private readonly note = element("p", "nbviz-graph-note");

	constructor(
		host: HTMLElement,
		context: Context,
		private readonly parts: Parts,
		tools: readonly HTMLElement[],
	) {
		this.card = card(host, context, "Model", "nbviz-graph");
		this.root = this.card.root;
		this.root.querySelector("h3")?.append(this.title);
		this.card.tools.append(...tools);
		const { legend, viewport, strip } = parts;
		this.card.body.append(this.problem, legend, this.keys, viewport, this.table, strip, this.note);
	}

	/** Says what the whole graph is. */
	setTitle(root: GraphLevel): void {
		this.title.textContent = root.title;
		this.title.title = root.title;
		this.keys.replaceChildren(...autogradKey(root));
		this.warn(root.note);
	}

	/** Says something in place of the drawing; "" shows the drawing, or the table. */
	say(problem: string): void {
		this.problem.textContent = problem;
		this.problem.hidden = problem === "";
		this.parts.viewport.hidden = problem !== "" || this.isTable;
		this.table.hidden = problem !== "" || !this.isTable;
		this.parts.strip.hidden = problem !== "";
	}

	/** Fills the table, if that is what is shown; `toggle` opens and closes a box. */
	fillTable(tree: GraphTree, toggle: (id: string) => void, measured: Measured): void {
		if (!this.isTable) return;
		this.measured = measured.label;
		this.table.replaceChildren(tableOf(tree, toggle, measured));
	}

	/** Shows new values in the table. Returns whether it has a column for them, or is not shown. */
	showMeasured(measured: Measured): boolean {
		if (!this.isTable) return true;
		fillMeasured(this.table, measured);
		return this.measured === measured.label;
	}

	/** Says something below the drawing. */
	warn(text: string): void {
		this.note.textContent = text;
		this.note.hidden = text === "";
	}
}
