// A recorded run in a page without a kernel: the same store, filled once; there is no kernel to ask, so
// answers come from the recording or not at all.
import type { GraphLevel, Update } from "../protocol/index.gen";
import { type Answer, type Answered, type Asker, type Question, withBytes } from "./asker";
import type { PanelData } from "./panel-data";
import type { Store } from "./store";

/** What a saved page carries: a snapshot's updates, the buffers as base64, and answers to requests. */
export interface Recorded {
	readonly updates: Update[];
	readonly buffers: string[];
	readonly answers?: Answer[];
	/** Answers in another form: levels of graphs by run id, and items of media. */
	readonly graphs?: Record<string, GraphLevel[]>;
	readonly media?: Answer[];
}

export class Replay implements Asker {
	readonly isLive = false;
	private readonly buffers: DataView[];
	private readonly answers: readonly Answer[];

	constructor(
		store: Store,
		recorded: Recorded,
		private readonly assets: Readonly<Record<string, string>>,
		private readonly panels: readonly PanelData[],
	) {
		this.buffers = recorded.buffers.map(decode);
		this.answers = answersOf(recorded);
		store.clear();
		for (const update of recorded.updates) store.apply(update, this.buffers);
	}

	ask<Q extends Question>(question: Q): Promise<Answered<Q["kind"]>> {
		const found = this.find(question);
		return found
			? Promise.resolve(found as Answered<Q["kind"]>)
			: Promise.reject(new Error("This is a recorded run; there is no kernel to ask."));
	}

	private find(question: Question): Answered<Question["kind"]> | undefined {
		if (question.kind === "send_asset") return this.asset(question.name);
		for (const panel of this.panels) {
			const answer = panel.recall?.(question, this.answers);
			if (answer && answer.kind !== "command_failed") return withBytes(answer, this.buffers);
		}
		return undefined;
	}

	private asset(name: string): Answered<"send_asset"> | undefined {
		const source = this.assets[name];
		if (source === undefined) return undefined;
		const bytes = new DataView(new TextEncoder().encode(source).buffer);
		return { kind: "asset_sent", client_id: "", request_id: 0, name, buffer: 0, bytes };
	}
}

function answersOf({ answers = [], graphs = {}, media = [] }: Recorded): Answer[] {
	const levels = Object.entries(graphs).map(
		([run_id, of]): Answer => ({
			kind: "graph_sent",
			client_id: "",
			request_id: 0,
			run_id,
			levels: of,
			overlays: [],
		}),
	);
	return [...answers, ...levels, ...media];
}

function decode(text: string): DataView {
	const binary = atob(text);
	const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
	return new DataView(bytes.buffer);
}

/** Of answers about a tag, the one at or before the step asked for; the first one where all are later. */
export function recallItem(
	question: { run_id: string; step: number; tag?: string; name?: string },
	recorded: readonly Answer[],
	key: "tag" | "name" = "tag",
): Answer | undefined {
	const { run_id, step } = question;
	const of = recorded.flatMap((one) =>
		key in one && "step" in one && one.run_id === run_id && Reflect.get(one, key) === question[key]
			? [one]
			: [],
	);
	of.sort((a, b) => a.step - b.step);
	return of.filter((one) => one.step <= step).at(-1) ?? of[0];
}

/** Recalls the one answer `…_sent` that there is about a tag, whatever of it is asked for by `send_…`. */
export function recallWhole(name: string): NonNullable<PanelData["recall"]> {
	return (question, recorded) =>
		question.kind === `send_${name}` && "tag" in question
			? recorded.find(
					(one) =>
						one.kind === `${name}_sent` &&
						"tag" in one &&
						one.run_id === question.run_id &&
						one.tag === question.tag,
				)
			: undefined;
}
