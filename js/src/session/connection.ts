// The page's end of the comm: asks for a snapshot, keeps the sequence, acknowledges what was drawn,
// pulls where the kernel cannot push, and awaits the answers to requests.
import type { Message, Request, Update } from "../protocol/index.gen";
import { type Answer, type Answered, type Asker, type Question, withBytes } from "./asker";

/** A message; the comm was opened or closed, as where Jupyter restarts the kernel. */
type ChannelEvent = "msg:custom" | "comm_live_update";

/** The part of anywidget's model that a connection needs. */
export interface Channel {
	send(content: unknown): void;
	on(event: ChannelEvent, listener: (content: unknown, buffers: unknown[]) => void): void;
	off(event: ChannelEvent, listener: (content: unknown, buffers: unknown[]) => void): void;
}

/** What a connection does with what it receives. */
export interface Received {
	readonly runs: ReadonlyMap<string, { progress: { status: string } | undefined }>;
	readonly isSilent: boolean;
	apply(update: Update, buffers: readonly DataView[]): Answer | undefined;
	/** Forgets everything; a snapshot follows. */
	clear(): void;
	setSilent(isSilent: boolean): void;
	setGone(): void;
}

const ACKNOWLEDGE_MS = 500;
const PULL_MS = 200;
/** The first may have gone to a shell that a cell blocks, before JupyterLab has made another one. */
const READY_RETRY_MS = 250;
const PULL_RETRY_MS = 3000;
const READY_RETRY_MOST_MS = 60_000;
/** A running kernel sends its progress every second; one that is silent for so long may be gone. */
const SILENT_MS = 10_000;
const LISTEN_MS = 1000;
/** ipykernel 7.0 to 7.3 may lose a request. The kernel carries out once what it hears twice. */
const ASK_AGAIN_MS = 10_000;
/** A kernel from which nothing is due may have died, too: it is sent something, ever more rarely. */
const PROBE_MS = 4000;
const PROBE_MOST_MS = 60_000;

export class Connection implements Asker {
	readonly isLive = true;
	private readonly client_id = crypto.randomUUID?.() ?? String(Math.random());
	private readonly waiting = new Map<
		number,
		{
			resolve: (answer: never) => void;
			reject: (error: Error) => void;
			readonly request: Request;
			wait: number;
			askAt: number;
		}
	>();
	/** Assets that came unasked, from a kernel that a cell keeps from answering. */
	private readonly offered = new Map<string, unknown>();
	private requests = 0;
	/** The newest request that was answered: what was asked before it, and was not, lies behind a cell. */
	private answered = 0;
	/** Requests from before the first answer: they may wait where the page's first words wait. */
	private readonly early = new Set<number>();
	/** Called with the name of an asset that was sent unasked: it is wanted, or will be soon. */
	offeredUnasked: ((name: string) => void) | undefined;
	private attempts = 0;
	private need = 0;
	private sequence = -1;
	private readyWait = READY_RETRY_MS;
	private acknowledged = -1;
	private acknowledgeTimer: ReturnType<typeof setTimeout> | undefined;
	private pullTimer: ReturnType<typeof setTimeout> | undefined;
	private readyTimer: ReturnType<typeof setTimeout> | undefined;
	private closed = false;
	private heardAt = Date.now();
	private probeAt = Date.now() + PROBE_MS;
	private probeWait = PROBE_MS;
	private readonly listening: ReturnType<typeof setInterval>;

	constructor(
		private readonly channel: Channel,
		private readonly store: Received,
		private readonly pulls: boolean,
		/** A member for each view of the page: a deleted cell leaves its page's code behind. */
		private readonly places: { readonly size: number } = { size: 1 },
	) {
		channel.on("msg:custom", this.receive);
		channel.on("comm_live_update", this.probe);
		this.listening = setInterval(() => this.listen(), LISTEN_MS);
		this.ready();
	}

	ask<Q extends Question>(question: Q): Promise<Answered<Q["kind"]>> {
		const request_id = ++this.requests;
		const offered = question.kind === "send_asset" && this.offered.get(question.name);
		if (offered) return Promise.resolve(offered as never);
		return new Promise((resolve, reject) => {
			const request = { ...question, client_id: this.client_id, request_id } as Request;
			const askAt = Date.now() + ASK_AGAIN_MS;
			this.waiting.set(request_id, { resolve, reject, request, wait: ASK_AGAIN_MS, askAt });
			if (this.answered === 0 && isRepeatable(request)) this.early.add(request_id);
			this.send(request);
		});
	}

	/** Sends what is not answered. */
	tell(content: Readonly<Record<string, unknown>>): void {
		this.send({ ...content, client_id: this.client_id } as unknown as Request);
	}

	close(reason = "The view was closed."): void {
		this.closed = true;
		this.channel.off("msg:custom", this.receive);
		this.channel.off("comm_live_update", this.probe);
		clearTimeout(this.acknowledgeTimer);
		clearTimeout(this.pullTimer);
		clearTimeout(this.readyTimer);
		clearInterval(this.listening);
		for (const { reject } of this.waiting.values()) reject(new Error(reason));
		this.waiting.clear();
	}

	private send(request: Request): void {
		try {
			this.channel.send(request);
		} catch {
			// The comm is closed, with its kernel; it does not open again.
			this.close("The kernel is gone.");
			this.store.setGone();
		}
	}

	/** Says how far this page is. */
	private sendPlace(kind: "acknowledge" | "pull"): void {
		const { client_id, sequence } = this;
		this.send({ kind, client_id, sequence, views: this.places.size });
	}

	private ready(isAgain = false): void {
		if (!isAgain) this.sequence = -1;
		const { client_id } = this;
		const attempt = ++this.attempts;
		if (!isAgain) this.need = attempt;
		this.send({ kind: "ready", client_id, attempt, need: this.need });
		if (isAgain) this.askAgain();
		clearTimeout(this.readyTimer);
		if (this.closed) return;
		// A kernel that is busy hears all of them at its end: ask ever more rarely.
		this.readyTimer = setTimeout(() => this.ready(true), this.readyWait);
		this.readyWait = Math.min(2 * this.readyWait, READY_RETRY_MOST_MS);
	}

	/** Sends again what only asks for something: it may wait where the page's first words wait. */
	private askAgain(): void {
		for (const { request } of [...this.waiting.values()])
			if (isRepeatable(request)) this.send(request);
	}

	/** Sends again what was asked early and is passed by an answer to a later request. */
	private askPassed(): void {
		for (const request_id of [...this.early].filter((one) => one <= this.answered)) {
			this.early.delete(request_id);
			const passed = this.waiting.get(request_id);
			if (passed) this.send(passed.request);
		}
	}

	/** Sends again what has had no answer for long, ever more rarely: it may wait behind a cell. */
	private askLate(): void {
		const now = Date.now();
		for (const late of [...this.waiting.values()].filter(({ askAt }) => askAt <= now)) {
			late.wait = Math.min(2 * late.wait, READY_RETRY_MOST_MS);
			late.askAt = now + late.wait;
			this.send(late.request);
		}
	}

	/** Notices that nothing came from a kernel from which something is due, and asks whether it is there. */
	private listen(): void {
		this.askLate();
		const runs = [...this.store.runs.values()];
		const isDue =
			[...this.waiting.keys()].some((request_id) => request_id > this.answered) ||
			runs.some(({ progress }) => progress?.status === "running");
		if (!isDue) {
			this.heardAt = Date.now();
			if (!this.pulls && this.heardAt >= this.probeAt && document.visibilityState !== "hidden")
				this.probe();
		}
		if (this.store.isSilent || Date.now() - this.heardAt < SILENT_MS) return;
		this.store.setSilent(true);
		// What comes meanwhile still follows what is here.
		if (!this.pulls) this.ready(true);
	}

	/** Sends what changes nothing: where the comm is closed, with its kernel, that fails. */
	private readonly probe = (): void => {
		this.probeWait = Math.min(1.5 * this.probeWait, PROBE_MOST_MS);
		this.probeAt = Date.now() + this.probeWait;
		const { client_id, sequence } = this;
		if (!this.closed && sequence >= 0) this.send({ kind: "acknowledge", client_id, sequence });
	};

	private readonly receive = (content: unknown, raw: unknown[]): void => {
		const message = content as Message;
		if (message.client_id !== "" && message.client_id !== this.client_id) return;
		this.heardAt = Date.now();
		this.probeWait = PROBE_MS;
		this.store.setSilent(false);
		const buffers = raw.map(asDataView);
		// Whether it was heard is not known of one that is sent all unasked: what it asks may lie behind a cell.
		if (message.client_id && (message.kind === "snapshot" || this.sequence >= 0)) {
			clearTimeout(this.readyTimer);
			this.readyWait = READY_RETRY_MS;
		}
		switch (message.kind) {
			case "snapshot":
				this.store.clear();
				this.sequence = message.sequence;
				break;
			case "frame":
				if (this.sequence < 0 || message.sequence <= this.sequence) return;
				if (message.sequence !== this.sequence + 1) {
					this.ready();
					return;
				}
				this.sequence = message.sequence;
				break;
			case "reply":
				break;
			default:
				return;
		}
		for (const update of message.updates) {
			const answer = this.store.apply(update, buffers);
			if (answer) this.settle(answer, buffers);
		}
		if (message.kind === "reply") return;
		if (this.pulls) this.pullLater();
		else requestAnimationFrame(() => this.acknowledgeSoon());
	};

	private settle(answer: Answer, buffers: readonly DataView[]): void {
		if (answer.kind === "asset_sent" && answer.request_id === 0) {
			this.offered.set(answer.name, withBytes(answer, buffers));
			this.offeredUnasked?.(answer.name);
			for (const [request_id, { request }] of [...this.waiting])
				if (request.kind === "send_asset" && request.name === answer.name)
					this.settle({ ...answer, request_id }, buffers);
			return;
		}
		const pending = this.waiting.get(answer.request_id);
		this.waiting.delete(answer.request_id);
		this.answered = Math.max(this.answered, answer.request_id);
		this.askPassed();
		if (!pending) return;
		try {
			if (answer.kind === "command_failed") throw new Error(answer.error);
			// The kernel answers a request with the kind that belongs to it.
			pending.resolve(withBytes(answer, buffers) as never);
		} catch (error) {
			pending.reject(error instanceof Error ? error : new Error(String(error)));
		}
	}

	/** Acknowledges what was painted, at most twice a second: each costs the kernel three messages. */
	private acknowledgeSoon(): void {
		if (this.acknowledgeTimer !== undefined || this.closed) return;
		this.acknowledgeTimer = setTimeout(() => {
			this.acknowledgeTimer = undefined;
			if (this.acknowledged === this.sequence) return;
			this.acknowledged = this.sequence;
			this.sendPlace("acknowledge");
		}, ACKNOWLEDGE_MS);
	}

	private pullLater(): void {
		clearTimeout(this.pullTimer);
		if (this.closed) return;
		this.pullTimer = setTimeout(() => {
			this.sendPlace("pull");
			if (this.closed) return;
			this.pullTimer = setTimeout(() => this.ready(), PULL_RETRY_MS);
		}, PULL_MS);
	}
}

/** Whether it does no more when it is heard twice. */
function isRepeatable({ kind }: Request): boolean {
	return kind.startsWith("send_") || kind === "set_wanted";
}

function asDataView(buffer: unknown): DataView {
	if (buffer instanceof DataView) return buffer;
	if (ArrayBuffer.isView(buffer)) {
		return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
	}
	return new DataView(buffer as ArrayBuffer);
}
