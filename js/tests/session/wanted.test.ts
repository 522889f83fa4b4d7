// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { PANELS } from "../../src/panels/panels.gen";
import type { Question } from "../../src/session/asker";
import type { RunState } from "../../src/session/run";
import { Store } from "../../src/session/store";
import { Wanted } from "../../src/session/wanted";
import { asker } from "../panels/stage";

beforeEach(() => {
	vi.stubGlobal("requestAnimationFrame", () => 1);
});

function setUp(isLive = true, refuses = false) {
	const store = new Store(PANELS);
	const asked: Question[] = [];
	const kernel = asker((question) => {
		asked.push(question);
		if (refuses) return Promise.reject(new Error("unknown parameter"));
		return Promise.resolve({ kind: "command_done", client_id: "", request_id: 1 });
	}, isLive);
	return { store, asked, wanted: new Wanted(kernel, store, PANELS) };
}

function addRun(store: Store, ...tags: string[]): RunState {
	store.apply(
		{
			kind: "run_added",
			run_id: "a",
			name: "a",
			started_at: 0,
			again: "",
			commands: [],
			is_earlier: false,
		},
		[],
	);
	for (const [series, tag] of tags.entries()) {
		store.apply({ kind: "series_added", run_id: "a", series, tag }, []);
	}
	return store.runs.get("a") as RunState;
}

async function turn(): Promise<void> {
	for (let i = 0; i < 3; i += 1) await Promise.resolve();
}

function hide(isHidden: boolean): void {
	vi.spyOn(document, "visibilityState", "get").mockReturnValue(isHidden ? "hidden" : "visible");
	document.dispatchEvent(new Event("visibilitychange"));
}

test("the series of all parts are sent once, and again when they or the tags change", async () => {
	const { store, asked, wanted } = setUp();
	const run = addRun(store, "loss", "norm", "std");
	wanted.set("curves", "curves", [{ run, keys: ["0", "2"] }]);
	wanted.set("curves", "graph", [{ run, keys: ["0"] }]);
	await turn();
	wanted.set("curves", "curves", [{ run, keys: ["0", "2"] }]);
	await turn();
	const sent = { kind: "set_wanted", run_id: "a", panel: "curves", keys: ["0", "2"], known: 3 };
	expect(asked).toEqual([{ ...sent, view: expect.any(Number) }]);
	store.apply({ kind: "series_added", run_id: "a", series: 3, tag: "max" }, []);
	wanted.set("curves", "curves", [{ run, keys: ["0", "2"] }]);
	await turn();
	expect(asked.at(-1)).toMatchObject({ keys: ["0", "2"], known: 4 });
});

test("a run that was sent anew is asked for anew; a view that is gone shows nothing", async () => {
	const { store, asked, wanted } = setUp();
	wanted.set("curves", "curves", [{ run: addRun(store, "loss"), keys: ["0"] }]);
	await turn();
	store.clear();
	wanted.set("curves", "curves", [{ run: addRun(store, "loss"), keys: ["0"] }]);
	await turn();
	expect(asked.length).toBe(2);
	wanted.stop();
	expect(asked.at(-1)).toMatchObject({ keys: [], known: 1 });
});

test("what counts by its order is sent in its order, of one run at a time", async () => {
	const { store, asked, wanted } = setUp();
	const run = addRun(store);
	wanted.set("graph", "graph", []);
	await turn();
	expect(asked).toEqual([]);
	wanted.set("graph", "graph", [{ run, keys: ["time", "b", "a"] }]);
	await turn();
	expect(asked.at(-1)).toMatchObject({ panel: "graph", run_id: "a", keys: ["time", "b", "a"] });
	store.apply(
		{
			kind: "run_added",
			run_id: "b",
			name: "b",
			started_at: 0,
			again: "",
			commands: [],
			is_earlier: false,
		},
		[],
	);
	const other = store.runs.get("b") as RunState;
	wanted.set("graph", "graph", [{ run: other, keys: ["time", "a"] }]);
	await turn();
	expect(asked.slice(1)).toMatchObject([
		{ run_id: "a", keys: [] },
		{ run_id: "b", keys: ["time", "a"] },
	]);
});

test("in a hidden tab nothing is wanted that only counts while it is seen", async () => {
	const { store, asked, wanted } = setUp();
	const run = addRun(store, "loss");
	wanted.set("weights", "weights", [{ run, keys: ["fc.weight"], onlyVisible: true }]);
	wanted.set("curves", "curves", [{ run, keys: ["0"] }]);
	await turn();
	hide(true);
	await turn();
	expect(asked.slice(2)).toMatchObject([{ panel: "weights", keys: [] }]);
	hide(false);
	await turn();
	expect(asked.slice(3)).toMatchObject([{ panel: "weights", keys: ["fc.weight"] }]);
	wanted.stop();
});

test("a refusal is reported once to what wanted the keys, and not asked again until they change", async () => {
	const { store, asked, wanted } = setUp(true, true);
	const run = addRun(store);
	const refused = vi.fn();
	wanted.set("weights", "weights", [{ run, keys: ["gone"], refused }]);
	await turn();
	wanted.set("weights", "weights", [{ run, keys: ["gone"], refused }]);
	await turn();
	expect(refused.mock.calls).toEqual([["unknown parameter"]]);
	expect(asked).toHaveLength(1);
});

test("of a recorded run nothing is asked", async () => {
	const { store, asked, wanted } = setUp(false);
	wanted.set("curves", "curves", [{ run: addRun(store, "loss"), keys: ["0"] }]);
	await turn();
	wanted.stop();
	expect(asked).toEqual([]);
});
