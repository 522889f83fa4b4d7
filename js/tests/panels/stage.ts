// A store, an asker that remembers what it was asked, and a place in the page to mount panels in.
import { afterEach, vi } from "vitest";
import { curvesState } from "../../src/panels/curves/state";
import { PANELS } from "../../src/panels/panels.gen";
import type { RunChanged, RunStatus, Setting, Update } from "../../src/protocol/index.gen";
import type { Answer, Asker, Question } from "../../src/session/asker";
import type { Context, Mount } from "../../src/session/panel";
import { createPointedStep } from "../../src/session/shared";
import { Store } from "../../src/session/store";
import { Wanted } from "../../src/session/wanted";
import { passingViewState, type ViewState } from "../../src/ui/view-state";

type WantedSet = Extract<Question, { kind: "set_wanted" }>;

export interface Stage {
	readonly store: Store;
	/** What was asked, but for what is wanted. */
	readonly asked: Question[];
	readonly wanted: WantedSet[];
	/** Tags of the series that are wanted of the curves. */
	drawn(): string[];
	readonly root: HTMLElement;
	/** Answers the oldest open question, without an answer that it is done; a text refuses it. */
	answer(answer?: Answer | string): Promise<void>;
	apply(...updates: Update[]): Promise<void>;
	mount(mount: Mount): () => void;
	find<T extends HTMLElement>(selector: string): T;
}

// A timer of a panel that is left would go off when the page is gone.
const mounted = new Set<() => void>();
afterEach(() => {
	for (const leave of mounted) leave();
});

/** An asker of a test, whose answers are of the kind that belongs to the question. */
export function asker(ask: (question: Question) => Promise<Answer>, isLive = true): Asker {
	return { isLive, ask: (question) => ask(question) as never };
}

/** An IntersectionObserver in whose page everything is in sight. */
export class EverythingInSight {
	constructor(private readonly see: (entries: object[]) => void) {}
	observe(target: Element): void {
		this.see([{ target, isIntersecting: true }]);
	}
	unobserve(): void {}
	disconnect(): void {}
}

export function stage(
	isLive = true,
	viewState: ViewState = passingViewState(),
	charts: readonly (readonly string[])[] = [],
): Stage {
	vi.stubGlobal("requestAnimationFrame", (callback: () => void) => {
		queueMicrotask(callback);
		return 1;
	});
	const root = document.createElement("div");
	root.className = "nbviz";
	document.body.replaceChildren(root);
	const store = new Store(PANELS);
	store.clear(); // as the first snapshot does
	const asked: Question[] = [];
	const wanted: WantedSet[] = [];
	const open: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
	const kernel = asker((question) => {
		if (question.kind === "set_wanted") {
			wanted.push(question);
			return Promise.resolve(DONE);
		}
		asked.push(question);
		return new Promise((resolve, reject) => open.push({ resolve, reject }));
	}, isLive);
	const context: Context = {
		store,
		asker: kernel,
		panels: PANELS,
		root,
		pointedStep: createPointedStep(),
		isChosen: false,
		arrangement: "stack",
		charts,
		show: () => undefined,
		viewState,
		wanted: new Wanted(kernel, store, PANELS),
		onTheme: () => () => undefined,
	};
	return {
		store,
		asked,
		wanted,
		drawn() {
			const { run_id = "", keys = [] } =
				wanted.filter(({ panel }) => panel === "curves").at(-1) ?? {};
			const run = store.runs.get(run_id);
			return run ? keys.map((key) => curvesState.of(run).series[Number(key)]?.tag ?? "") : [];
		},
		root,
		async answer(answer = DONE) {
			const first = open.shift();
			if (typeof answer === "string") first?.reject(new Error(answer));
			else first?.resolve(answer);
			await turns();
		},
		async apply(...updates) {
			for (const update of updates) store.apply(update, []);
			await turns();
		},
		mount: (mount) => {
			const remove = mount(root, context);
			const leave = () => {
				if (mounted.delete(leave)) remove();
			};
			mounted.add(leave);
			return leave;
		},
		find(selector) {
			const found = root.querySelector(selector);
			if (!found) throw new Error(`nothing matches ${selector}`);
			return found as never;
		},
	};
}

/** Lets promises and painted frames that are due run. */
export async function turns(): Promise<void> {
	for (let i = 0; i < 8; i += 1) await Promise.resolve();
}

const DONE: Answer = { kind: "command_done", client_id: "", request_id: 0 };

export function runAdded(run_id = "a", name = "baseline", is_earlier = false): Update {
	const commands = ["start", "pause", "resume", "step", "stop", "set"];
	return {
		kind: "run_added",
		run_id,
		name,
		started_at: 1,
		again: "40 epochs",
		commands,
		is_earlier,
	};
}

export function graphAdded(run_id = "a", watched: string[] = []): Update {
	return { kind: "graph_added", run_id, watched };
}

export function runChanged(status: RunStatus, more: Partial<RunChanged> = {}): RunChanged {
	return {
		kind: "run_changed",
		run_id: "a",
		status,
		started_at: 1,
		step: 40,
		total_steps: 100,
		epoch: 2,
		total_epochs: 5,
		steps_per_second: 20,
		eta_seconds: 3,
		elapsed_seconds: 2,
		overhead: 0.004,
		overhead_text: "",
		device: "cpu",
		memory_bytes: 2e8,
		memory_total: 8e9,
		status_text: "",
		notices: [],
		dropped_frames: 0,
		...more,
	};
}

export function settings(lr: number): Update {
	const one = (name: string, value: number, maximum: number | null): Setting => ({
		name,
		value,
		minimum: 0,
		maximum,
		scale: name === "lr" ? "log" : "linear",
		driver: "",
	});
	return {
		kind: "settings_changed",
		run_id: "a",
		settings: [one("lr", lr, null), one("momentum", 0.9, 1)],
	};
}
