// Whether a panel has a place in a view: from when it has something to show, or always if it was chosen.
import type { Panel } from "../panel";
import type { Store } from "../store";

/** Whether there is something to show, or will be. */
export function isExpected({ asset, has_content }: Panel, store: Store): boolean {
	if (!asset || asset.isAlwaysThere) return true;
	return [...store.runs.values()].some((run) => has_content(run) || asset.isExpected?.(run));
}
