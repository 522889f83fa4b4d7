// The media panel: images, histograms, tensors and texts. Its drawing is an asset.
import { isOfModule } from "../../charts/tag-groups";
import type { MediaUpdate } from "../../protocol/index.gen";
import type { ItemIndex } from "../../session/item-index";
import { itemsData } from "../../session/items-data";
import type { Panel } from "../../session/panel";
import { recallItem } from "../../session/replay";
import { mediaState } from "./state";

export const panel: Panel<ItemIndex, MediaUpdate> = {
	...itemsData("media", "media_added", mediaState),
	ofModule(run, path) {
		const tags = [...mediaState.of(run).entries.keys()];
		return { isShown: tags.some((tag) => isOfModule(tag, path)) };
	},
	recall(question, recorded) {
		if (question.kind !== "send_media") return undefined;
		const { run_id, tag } = question;
		const course = recorded.find(
			(one) => one.kind === "histograms_sent" && one.run_id === run_id && one.tag === tag,
		);
		return course ?? recallItem(question, recorded);
	},
	asset: {
		name: "media",
		needs: ["items", "heatmap"],
		title: "Media",
		missing: "Nothing yet. run.log_image, log_histogram, log_text and log_tensor bring it.",
	},
};
