// The projector: embeddings as clouds of points. Its drawing is an asset.
import type { EmbeddingsAdded, LayoutChanged } from "../../protocol/index.gen";
import type { Answer, Question } from "../../session/asker";
import { itemsData } from "../../session/items-data";
import type { Panel } from "../../session/panel";
import { recallItem } from "../../session/replay";
import { applyProjector, type ProjectorState, projectorState } from "./state";

export const panel: Panel<ProjectorState, EmbeddingsAdded | LayoutChanged> = {
	...itemsData("projector", "embeddings_added", projectorState),
	kinds: ["embeddings_added", "layout_changed"],
	state: projectorState,
	apply: applyProjector,
	recall,
	asset: {
		name: "projector",
		title: "Projector",
		missing: "Nothing yet. run.log_embedding brings it.",
	},
};

/** Labels and images are saved once for all steps at which they are the same. */
function recall(question: Question, recorded: readonly Answer[]): Answer | undefined {
	const kind = `${question.kind.slice("send_".length)}_sent`;
	return recallItem(
		question as Parameters<typeof recallItem>[0],
		recorded.filter((one) => one.kind === kind && partOf(one) === partOf(question)),
	);
}

/** Which of several answers of a kind it is, where there are several. */
function partOf(message: object): string {
	const { method, dims, column } = message as Readonly<Record<string, unknown>>;
	return [method, dims, column].join();
}
