// Images, histograms, texts and tensors of a run.
import { mountItems } from "../../items/panel";
import { mediaState } from "./state";
import { type MediaContent, mediaView } from "./views";

export const mountMedia = mountItems<MediaContent>({
	name: "media",
	title: "Media",
	noun: "media",
	state: mediaState,
	ask: (asker, { revision: _, after = -1, ...request }) =>
		asker.ask({ kind: "send_media", after, ...request }),
	view: mediaView,
});
