// Which embeddings of a run can be asked for, and where layouts are that a page has started.
import type { EmbeddingsAdded, LayoutChanged } from "../../protocol/index.gen";
import { doubles } from "../../session/buffers";
import { ItemIndex } from "../../session/item-index";
import { PanelState } from "../../session/panel-data";

export class ProjectorState extends ItemIndex {
	/** By what they are of; see `layoutKey`. */
	readonly layouts = new Map<string, LayoutChanged>();
}

export const projectorState = new PanelState<ProjectorState>(
	"projector",
	() => new ProjectorState(),
);

export function layoutKey({
	tag,
	step,
	method,
	dims,
}: {
	tag: string;
	step: number;
	method: string;
	dims: number;
}): string {
	return [step, method, dims, tag].join();
}

export function applyProjector(
	state: ProjectorState,
	update: EmbeddingsAdded | LayoutChanged,
	buffers: readonly DataView[],
): "projector" {
	if (update.kind === "layout_changed") state.layouts.set(layoutKey(update), update);
	else state.add(update, doubles(buffers[update.buffer]));
	return "projector";
}
