// The text panel: texts as Markdown. Its drawing is an asset.
import type { TextUpdate } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

export const panel = itemPanel<TextUpdate>("text_added", "send_text", {
	name: "text",
	title: "Text",
	by: "log_text brings",
});
