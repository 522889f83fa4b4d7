// The panel of precision, recall, ROC and calibration: a card for each tag.
import { mountItems } from "../../items/panel";
import { inflateDoubles } from "../../session/buffers";
import { itemState } from "../../session/item-panel";
import type { Mount } from "../../session/panel";
import { runColor, selectionOf } from "../../session/selection";
import { type Curves, readCurves } from "./curves";
import { type RocContent, RocView } from "./view";

const MOST_OTHERS = 7;
const state = itemState("roc");

export const mountRoc: Mount = (host, context) => {
	const load = async (run_id: string, tag: string, step: number): Promise<Curves> => {
		const answer = await context.asker.ask({ kind: "send_roc", run_id, tag, step });
		return readCurves(answer, await inflateDoubles(answer.bytes));
	};
	const others = (tag: string) => {
		const { run } = selectionOf(context);
		return [...context.store.runs.values()]
			.filter((other) => other !== run && state.of(other).entries.has(tag))
			.slice(0, MOST_OTHERS)
			.map((other) => ({ run_id: other.run_id, name: other.name, colour: runColor(other) }));
	};
	return mountItems<RocContent>({
		name: "roc",
		title: "PR and ROC",
		noun: "PR curves",
		state,
		ask: async (_, { run_id, tag, step }) => ({
			kind: "roc",
			curves: await load(run_id, tag, step),
		}),
		view: (_, itemHost) => new RocView(itemHost, load, others),
	})(host, context);
};
