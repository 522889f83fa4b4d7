// The panel of tables. Its drawing is an asset.
import type { TablesAdded } from "../../protocol/index.gen";
import { itemPanel } from "../../session/item-panel";

const needs: readonly string[] = ["items"];
export const panel = itemPanel<TablesAdded>("tables", "send_rows", "Tables", "log_table", needs);
