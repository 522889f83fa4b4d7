// The confusion panel: a card for each tag, with the matrix, how each class does, and a comparison.
import { mountItems } from "../../items/panel";
import { chosenCellOf } from "../../session/chosen-cell";
import { itemState } from "../../session/item-panel";
import type { Context, Mount } from "../../session/panel";
import type { RunState } from "../../session/run";
import { selectionOf } from "../../session/selection";
import { type Counts, readCounts } from "./counts";
import { type ConfusionContent, ConfusionView } from "./view";

const state = itemState("confusion");
/** The panel that shows samples. */
const SAMPLES = "predictions";

export const mountConfusion: Mount = (host, context) => {
	const load = loaderOf(context);
	return mountItems<ConfusionContent>({
		name: "confusion",
		title: "Confusion",
		noun: "confusion matrices",
		state,
		ask: async (_, { run_id, tag, step }) => ({
			kind: "confusion",
			counts: await load(run_id, tag, step),
		}),
		view: (_, itemHost) =>
			new ConfusionView(itemHost, {
				load,
				run: () => selectionOf(context).run,
				steps: (run, tag) => state.of(run).entries.get(tag)?.steps ?? [],
				others: (tag) => othersWith(context, tag),
				hasSamples: () => hasSamples(context),
				showSamples: (target, predicted) => {
					chosenCellOf(context).choose({ target, predicted });
					context.show(SAMPLES);
				},
			}),
	})(host, context);
};

/** Loads a matrix, in the form in which it is drawn. */
function loaderOf({ asker }: Context) {
	return async (run_id: string, tag: string, step: number): Promise<Counts> => {
		const answer = await asker.ask({ kind: "send_confusion", run_id, tag, step });
		return readCounts(answer, answer.bytes);
	};
}

function hasSamples(context: Context): boolean {
	const { run } = selectionOf(context);
	const panel = context.panels.find(({ name }) => name === SAMPLES);
	return run !== undefined && panel?.has_content(run) === true;
}

/** The other runs that have matrices of a tag. */
function othersWith(context: Context, tag: string): RunState[] {
	const { run } = selectionOf(context);
	return [...context.store.runs.values()].filter(
		(other) => other !== run && state.of(other).entries.has(tag),
	);
}
