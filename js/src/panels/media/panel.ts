// Images, videos and tensors of a run.
import { mountItems } from "../../items/panel";
import { itemState } from "../../session/item-panel";
import { Comparison, type MediaContent } from "./comparison";
import { mediaView } from "./views";

export const mountMedia = mountItems<MediaContent>(({ context, changed }) => {
	const comparison = new Comparison(context, changed);
	return {
		name: "media",
		title: "Media",
		noun: "media",
		state: itemState("media"),
		follows: true,
		tools: [comparison.select],
		update: () => comparison.update(),
		ask: (asker, { run_id, tag, step, pixels }) =>
			asker.ask({ kind: "send_media", run_id, tag, step, pixels }),
		view: (kind, host) => mediaView(kind, host, comparison),
	};
});
