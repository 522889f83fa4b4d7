// Finds boxes by name, path, type or operation, also in boxes that were never opened.

import type { GraphNode } from "../../../protocol/index.gen";
import { element } from "../../../ui/element";
import type { GraphTree } from "./tree";

export interface Found {
	readonly ids: readonly string[];
	readonly current: string | undefined;
}

export class Search {
	readonly root: HTMLElement;
	private readonly input = element("input", "nbviz-input nbviz-graph-search", {
		type: "search",
		placeholder: "Find in the model",
		"aria-label": "Find a module or operation",
	});
	private readonly count = element("span", "nbviz-graph-found", { "aria-live": "polite" });
	private ids: string[] = [];
	private place = -1;
	private asked = 0;

	constructor(
		private readonly tree: () => GraphTree | undefined,
		/** Shows what was found; `go` moves to the current one. */
		private readonly found: (found: Found, go: boolean) => void,
	) {
		this.root = element("span", "nbviz-graph-finder", {}, this.input, this.count);
		this.input.addEventListener("input", () => this.run());
		this.input.addEventListener("keydown", (event) => {
			if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
			else if (event.key === "Escape") this.clear();
			else return;
			event.preventDefault();
			event.stopPropagation();
		});
	}

	focus(): void {
		this.input.focus();
	}

	clear(): void {
		this.input.value = "";
		this.run();
	}

	private run(): void {
		const words = this.input.value.trim().toLowerCase();
		const asked = ++this.asked;
		this.place = -1;
		this.match(words);
		const tree = this.tree();
		if (!words || !tree) return;
		void tree
			.loadAll(() => asked === this.asked && tree === this.tree())
			.then(
				() => {
					if (asked === this.asked) this.match(words);
				},
				() => undefined,
			);
	}

	private match(words: string): void {
		const tree = this.tree();
		this.ids =
			words && tree
				? [...tree.inOrder()].filter((node) => matches(node, words)).map((node) => node.node_id)
				: [];
		this.say(words);
		this.found({ ids: this.ids, current: this.ids[this.place] }, false);
	}

	private step(by: number): void {
		if (this.ids.length === 0) return;
		this.place = (this.place + by + this.ids.length) % this.ids.length;
		this.say(this.input.value);
		this.found({ ids: this.ids, current: this.ids[this.place] }, true);
	}

	private say(words: string): void {
		const { length } = this.ids;
		if (!words.trim()) this.count.textContent = "";
		else if (length === 0) this.count.textContent = "none";
		else this.count.textContent = this.place < 0 ? String(length) : `${this.place + 1} / ${length}`;
	}
}

function matches(node: GraphNode, words: string): boolean {
	return [node.label, node.type, node.path].some((text) => text.toLowerCase().includes(words));
}
