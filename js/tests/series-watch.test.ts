import { beforeEach, expect, test, vi } from "vitest";
import type { Asker, Question } from "../src/connection";
import { SeriesWatch } from "../src/series-watch";
import { type RunState, Store } from "../src/store";

beforeEach(() => {
	vi.stubGlobal("requestAnimationFrame", () => 1);
});

function setUp(isLive = true) {
	const store = new Store();
	const asked: Question[] = [];
	const asker: Asker = {
		isLive,
		ask(question) {
			asked.push(question);
			return Promise.resolve({ kind: "command_done", client_id: "", request_id: 1 });
		},
	};
	return { store, asked, watch: new SeriesWatch(asker, store) };
}

function addRun(store: Store, ...tags: string[]): RunState {
	const run = { run_id: "a", name: "a", started_at: 0, commands: [], has_graph: false };
	store.apply({ kind: "run_added", ...run }, []);
	for (const [series, tag] of tags.entries()) {
		store.apply({ kind: "series_added", run_id: "a", series, tag }, []);
	}
	return store.runs.get("a") as RunState;
}

const turn = () => Promise.resolve();
const drawn = (run: RunState, ...numbers: number[]) =>
	run.series.filter(({ number }) => numbers.includes(number)).map((series) => ({ run, series }));

test("the series of all panels are told once, and again when they or the tags change", async () => {
	const { store, asked, watch } = setUp();
	const run = addRun(store, "loss", "norm", "std");
	watch.want("curves", drawn(run, 2, 0));
	watch.want("graph", drawn(run, 0));
	await turn();
	watch.want("curves", drawn(run, 0, 2));
	await turn();
	const told = { kind: "watch_series", run_id: "a", series: [0, 2], known: 3 };
	expect(asked).toEqual([{ ...told, view: expect.any(Number) }]);
	store.apply({ kind: "series_added", run_id: "a", series: 3, tag: "max" }, []);
	watch.want("curves", drawn(run, 0, 2));
	await turn();
	expect(asked.at(-1)).toMatchObject({ series: [0, 2], known: 4 });
});

test("a run that was sent anew is told anew; a view that is gone draws nothing", async () => {
	const { store, asked, watch } = setUp();
	watch.want("curves", drawn(addRun(store, "loss"), 0));
	await turn();
	store.clear();
	watch.want("curves", drawn(addRun(store, "loss"), 0));
	await turn();
	expect(asked.length).toBe(2);
	watch.stop();
	await turn();
	expect(asked.at(-1)).toMatchObject({ series: [], known: 1 });
});

test("a recorded run has nobody to tell", async () => {
	const { store, asked, watch } = setUp(false);
	watch.want("curves", drawn(addRun(store, "loss"), 0));
	await turn();
	expect(asked).toEqual([]);
});
