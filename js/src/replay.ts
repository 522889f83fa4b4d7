// A recorded run in a page without a kernel: the same store, filled once; nothing can be asked of a
// kernel, so answers come from the recording or not at all.
import type { Asker, Question } from "./connection";
import type { GraphLevel, Update } from "./protocol/index.gen";
import type { Answer, MediaAnswer, Store } from "./store";

/** What a saved page carries: a snapshot's updates, its buffers as base64, the graph, media. */
export interface Recorded {
	readonly updates: Update[];
	readonly buffers: string[];
	readonly graphs: Record<string, GraphLevel[]>;
	readonly media?: MediaAnswer[];
}

export class Replay implements Asker {
	readonly isLive = false;
	private readonly buffers: DataView[];

	constructor(
		store: Store,
		private readonly recorded: Recorded,
		private readonly assets: Readonly<Record<string, string>>,
	) {
		const buffers = recorded.buffers.map(decode);
		this.buffers = buffers;
		for (const update of recorded.updates) store.apply(update, buffers);
	}

	ask(question: Question): Promise<Answer> {
		if (question.kind === "send_graph") {
			const levels = (this.recorded.graphs[question.run_id] ?? []).filter((level) =>
				question.scopes.includes(level.scope),
			);
			return Promise.resolve({
				kind: "graph_sent",
				client_id: "",
				request_id: 0,
				run_id: question.run_id,
				levels,
				overlays: [],
			});
		}
		if (question.kind === "send_media") {
			const { run_id, tag } = question;
			const item = this.recorded.media?.find((one) => one.run_id === run_id && one.tag === tag);
			if (item) {
				const bytes = "buffer" in item ? this.buffers[item.buffer] : undefined;
				return Promise.resolve({ ...item, bytes });
			}
		}
		if (question.kind === "send_asset") {
			const source = this.assets[question.name];
			if (source !== undefined) {
				const bytes = new DataView(new TextEncoder().encode(source).buffer);
				const { name } = question;
				const answer = {
					kind: "asset_sent",
					client_id: "",
					request_id: 0,
					name,
					buffer: 0,
				} as const;
				return Promise.resolve(Object.assign(answer, { bytes }));
			}
		}
		return Promise.reject(new Error("This is a recorded run; there is no kernel to ask."));
	}
}

function decode(text: string): DataView {
	const binary = atob(text);
	const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
	return new DataView(bytes.buffer);
}
