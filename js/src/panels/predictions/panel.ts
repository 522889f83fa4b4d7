// The panel of predictions: a card for each tag, with the samples that tell most.
import { mountItems } from "../../items/panel";
import { inflateDoubles } from "../../session/buffers";
import { chosenCellOf } from "../../session/chosen-cell";
import { itemState } from "../../session/item-panel";
import type { Mount } from "../../session/panel";
import { selectionOf } from "../../session/selection";
import { readPredictions } from "./samples";
import { SeenSamples } from "./seen";
import { type PredictionsContent, PredictionsView } from "./view";

const state = itemState("predictions");
/** Under this name the samples are remembered that are followed, by tag. */
const FOLLOWED = "predictions-followed";

export const mountPredictions: Mount = (host, context) => {
	const { asker, viewState } = context;
	const entry = (tag: string) => {
		const { run } = selectionOf(context);
		return run && state.of(run).entries.get(tag);
	};
	return mountItems<PredictionsContent>({
		name: "predictions",
		title: "Predictions",
		noun: "predictions",
		state,
		ask: async (_, { run_id, tag, step }) => {
			const answer = await asker.ask({ kind: "send_predictions", run_id, tag, step });
			const numbers = await inflateDoubles(answer.bytes);
			return { kind: "predictions", predictions: readPredictions(answer, numbers) };
		},
		view: (_, itemHost) =>
			new PredictionsView(itemHost, {
				seen: (came) => new SeenSamples(asker, came),
				cell: chosenCellOf(context),
				edit: asker.isLive
					? (of, action, indices, value) =>
							asker.ask({ kind: "edit_data", ...of, action, indices, value })
					: undefined,
				newest: (tag) => entry(tag)?.steps.at(-1) ?? 0,
				readFollowed: (tag) => {
					const indices = viewState.read(FOLLOWED)[tag];
					return Array.isArray(indices) ? indices.filter(Number.isInteger) : [];
				},
				writeFollowed: (tag, indices) =>
					viewState.write(FOLLOWED, { ...viewState.read(FOLLOWED), [tag]: [...indices] }),
			}),
	})(host, context);
};
