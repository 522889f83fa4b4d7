// The panel of tables. Its drawing is an asset.
import type { TablesAdded } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

export const panel = itemPanel<TablesAdded>("tables_added", "send_rows", {
	name: "tables",
	title: "Tables",
	by: "log_table(tag, frame) brings",
});
