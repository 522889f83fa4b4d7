// The panel of tables: a card for each tag, whose rows are asked for as they come into sight.
import { mountItems } from "../../items/panel";
import type { Answered } from "../../session/asker";
import { itemState } from "../../session/item-panel";
import type { Mount } from "../../session/panel";
import { localRows } from "./local-rows";
import { type AskRows, type TableContent, TableView } from "./view";

const FIRST_ROWS = 100;

export const mountTables: Mount = (host, context) => {
	const { asker } = context;
	/** Without a kernel the page has the first rows of each table, and arranges these. */
	const ask: AskRows = async (request) => {
		const answer = await asker.ask({ kind: "send_rows", ...request });
		return asker.isLive ? answer : localRows(answer, request);
	};
	return mountItems<TableContent>({
		name: "tables",
		title: "Tables",
		noun: "tables",
		state: itemState("tables"),
		ask: async (_, { run_id, tag, step }): Promise<Answered<"send_rows">> =>
			ask({
				run_id,
				tag,
				step,
				first: 0,
				count: FIRST_ROWS,
				sort: -1,
				descending: false,
				filter: "",
			}),
		view: (_, itemHost) => new TableView(itemHost, ask),
	})(host, context);
};
