// The half of a panel that is the same in all panels of what was logged by tag and step.
import type { ItemsAdded } from "../protocol/index.gen";
import type { Question } from "./asker";
import { doubles } from "./buffers";
import { ItemIndex } from "./item-index";
import type { Panel } from "./panel";
import { PanelState, type PanelUpdate } from "./panel-data";
import { recallItem } from "./replay";

/** The state of such a panel, by the panel's name. */
export function itemState(name: string): PanelState<ItemIndex> {
	return new PanelState(name, () => new ItemIndex());
}

/** The kinds of requests that ask for one item of a tag. */
type Asks = Extract<Question, { tag: string; step: number }>["kind"];

/**
 * Returns a panel without its drawing: the update `<name>_added` lists what there is, the request `asks`
 * asks for one item, and `brings` are the methods of a run that bring some.
 */
export function itemPanel<U extends PanelUpdate & ItemsAdded>(
	name: string,
	asks: Asks,
	title: string,
	brings: string,
	needs: readonly string[],
): Panel<ItemIndex, U> {
	const state = itemState(name);
	return {
		name,
		kinds: [`${name}_added` as U["kind"]],
		state,
		apply(index, update, buffers) {
			index.add(update, doubles(buffers[update.buffer]));
			return name;
		},
		has_content: (run) => state.of(run).entries.size > 0,
		steps: (run) => state.of(run).steps,
		recall: (question, recorded) =>
			question.kind === asks ? recallItem(question as never, recorded) : undefined,
		asset: { name, title, needs, missing: `Nothing yet: run.${brings}.` },
	};
}
