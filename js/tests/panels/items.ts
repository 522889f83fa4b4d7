// Items of a panel as the kernel lists them, and one that answers with the example of the protocol.
import type { ItemsAdded } from "../../src/protocol/index.gen";
import type { Answer } from "../../src/session/asker";
import type { Mount } from "../../src/session/panel";
import type { PanelUpdate } from "../../src/session/panel-data";
import { fixture } from "../fixtures";
import { asker, runAdded, type Stage, stage, turns } from "./stage";

type Listing = Extract<PanelUpdate, ItemsAdded>["kind"];

/** Lists steps of one tag of a run. */
export async function list(
	on: Stage,
	kind: Listing,
	run_id: string,
	{ tag, item_kind }: { tag: string; item_kind: string },
	...steps: number[]
): Promise<void> {
	const items = [
		{ tag, item_kind, count: steps.length, left_out_for_time: 0, left_out_for_memory: 0 },
	];
	const buffer = new DataView(Float64Array.from(steps).buffer);
	on.store.apply({ kind, run_id, items, overhead_share: 0.01, buffer: 0 }, [buffer]);
	await turns();
}

/** A stage whose kernel answers requests of a kind with the example of the protocol, at the step asked for. */
export async function answering(
	mount: Mount,
	asks: "send_confusion" | "send_roc",
	sent: "confusion_sent" | "roc_sent",
	change: object = {},
): Promise<Stage> {
	const on = stage();
	on.mount((host, context) =>
		mount(host, {
			...context,
			asker: asker((question) => {
				on.asked.push(question);
				if (question.kind !== asks) throw new Error(question.kind);
				const { message, buffers } = fixture(sent);
				const { run_id, step } = question;
				return Promise.resolve({
					...message,
					...change,
					run_id,
					step,
					bytes: buffers[0],
				} as unknown as Answer);
			}),
		}),
	);
	await on.apply(runAdded());
	return on;
}
