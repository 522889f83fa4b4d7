// The figures panel: figures of plotting libraries, as pictures. Its drawing is an asset.
import type { FiguresUpdate } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

export const panel = itemPanel<FiguresUpdate>("figures_added", "send_figure", {
	name: "figures",
	title: "Figures",
	by: "log_figure brings",
});
