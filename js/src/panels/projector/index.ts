// The projector: embeddings as clouds of points. Its drawing is an asset.
import type { EmbeddingsAdded, LayoutChanged } from "../../protocol/index.gen";
import type { Answer, Question } from "../../session/asker";
import type { Panel } from "../../session/panel";
import { recallItem } from "../../session/replay";
import { applyProjector, type ProjectorState, projectorState } from "./state";

export const panel: Panel<ProjectorState, EmbeddingsAdded | LayoutChanged> = {
	name: "projector",
	kinds: ["embeddings_added", "layout_changed"],
	state: projectorState,
	apply: applyProjector,
	has_content: (run) => projectorState.of(run).entries.size > 0,
	steps: (run) => projectorState.of(run).steps,
	recall,
	asset: {
		name: "projector",
		title: "Projector",
		missing: "Nothing yet. run.log_embedding brings it.",
	},
};

/** Labels and images are saved once for all steps at which they are the same. */
function recall(question: Question, recorded: readonly Answer[]): Answer | undefined {
	const kind = question.kind.replace(/^send_(.+)/, "$1_sent");
	return recallItem(
		question as Parameters<typeof recallItem>[0],
		recorded.filter(
			(one) => one.kind === kind && SAME.every((name) => of(one, name) === of(question, name)),
		),
	);
}

const SAME = ["method", "dims", "column"];

function of(message: object, name: string): unknown {
	return (message as Record<string, unknown>)[name];
}
