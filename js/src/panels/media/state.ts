// Which items of a run can be asked for; they themselves are loaded when they are seen.
import { ItemIndex } from "../../session/item-index";
import { PanelState } from "../../session/panel-data";

export const mediaState = new PanelState<ItemIndex>("media", () => new ItemIndex());
