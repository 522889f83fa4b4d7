// The projector: embeddings as clouds of points. Its drawing is an asset.
import type { EmbeddingsAdded, LayoutChanged } from "../../protocol/index.gen";
import type { Answer, Question } from "../../session/asker";
import type { Panel } from "../../session/panel";
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

const ANSWERS: Readonly<Record<string, Answer["kind"]>> = {
	send_embedding: "embedding_sent",
	send_positions: "positions_sent",
	send_column: "column_sent",
	send_thumbnails: "thumbnails_sent",
};

/** Labels and images are saved once for all steps at which they are the same. */
function recall(question: Question, recorded: readonly Answer[]): Answer | undefined {
	const wanted = ANSWERS[question.kind];
	if (!wanted || !("tag" in question) || !("step" in question)) return undefined;
	const { run_id, tag, step } = question;
	const fields = ["method", "dims", "column"] as const;
	const asked = question as Readonly<Record<string, unknown>>;
	const found = recorded.filter((one) => {
		if (one.kind !== wanted || !("tag" in one) || one.run_id !== run_id || one.tag !== tag)
			return false;
		const of = one as unknown as Readonly<Record<string, unknown>>;
		return fields.every((name) => asked[name] === of[name]);
	}) as (Answer & { step: number })[];
	found.sort((a, b) => a.step - b.step);
	return found.filter((one) => one.step <= step).at(-1) ?? found[0];
}
