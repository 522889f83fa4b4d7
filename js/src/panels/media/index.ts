// The media panel: images, histograms, tensors and texts. Its drawing is an asset.
import { isOfModule } from "../../charts/tag-groups";
import type { MediaAdded } from "../../protocol/index.gen";
import type { ItemIndex } from "../../session/item-index";
import { itemPanel } from "../../session/item-panel";
import type { Panel } from "../../session/panel";

const needs: readonly string[] = ["items", "heatmap"];
const brings = "log_image, log_text …";
const items = itemPanel<MediaAdded>("media", "send_media", "Media", brings, needs);

export const panel: Panel<ItemIndex, MediaAdded> = {
	...items,
	ofModule(run, path) {
		const tags = [...items.state.of(run).entries.keys()];
		return { isShown: tags.some((tag) => isOfModule(tag, path)) };
	},
	recall(question, recorded) {
		if (question.kind !== "send_media") return undefined;
		const { run_id, tag } = question;
		const course = recorded.find(
			(one) => one.kind === "histograms_sent" && one.run_id === run_id && one.tag === tag,
		);
		return course ?? items.recall?.(question, recorded);
	},
};
