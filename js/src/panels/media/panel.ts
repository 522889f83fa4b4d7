// Images, histograms, texts and tensors of a run.
import { mountItems } from "../../items/panel";
import { itemState } from "../../session/item-panel";
import { type MediaContent, mediaView } from "./views";

export const mountMedia = mountItems<MediaContent>({
	name: "media",
	title: "Media",
	noun: "media",
	state: itemState("media"),
	ask: (asker, { revision: _, after = -1, ...request }) =>
		asker.ask({ kind: "send_media", after, ...request }),
	view: mediaView,
});
