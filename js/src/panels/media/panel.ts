// Images, videos and tensors of a run.
import { mountItems } from "../../items/panel";
import { itemState } from "../../session/item-panel";
import { type MediaContent, mediaView } from "./views";

export const mountMedia = mountItems<MediaContent>({
	name: "media",
	title: "Media",
	noun: "media",
	state: itemState("media"),
	follows: true,
	ask: (asker, { run_id, tag, step, pixels }) =>
		asker.ask({ kind: "send_media", run_id, tag, step, pixels }),
	view: mediaView,
});
