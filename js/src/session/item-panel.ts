// The data half of a panel of what was logged by tag and step: its index, and how a page without a kernel
// answers for it.
import type { ItemsAdded } from "../protocol/index.gen";
import type { QuestionKind } from "./asker";
import { ItemIndex } from "./item-index";
import { itemsData } from "./items-data";
import type { AssetPanel, Panel } from "./panel";
import { PanelState, type PanelUpdate } from "./panel-data";
import { recallItem } from "./replay";

/** The update that lists a panel's items. */
type Listing = Extract<PanelUpdate, ItemsAdded>;

/** The index of a panel, by the panel's name. */
export function itemState(name: string): PanelState<ItemIndex> {
	return new PanelState(name, () => new ItemIndex());
}

/** What a panel of items says of itself. */
export interface ItemPanelOptions extends Pick<AssetPanel, "name" | "title"> {
	/** Assets that must be there before it, beside that of the items. */
	readonly needs?: readonly string[];
	/** What brings something to show, such as "log_text brings". */
	readonly by: string;
}

/** A panel whose items are listed by updates of the kind `added`, and asked for by `asked`. */
export function itemPanel<U extends Listing>(
	added: U["kind"],
	asked: QuestionKind,
	{ name, title, by, needs = [] }: ItemPanelOptions,
): Panel<ItemIndex, U> {
	return {
		...itemsData<U>(name, added, itemState(name)),
		recall: (question, recorded) =>
			question.kind === asked && "tag" in question && "step" in question
				? recallItem(question, recorded)
				: undefined,
		asset: { name, title, needs: ["items", ...needs], missing: `Nothing yet. run.${by} it.` },
	};
}
