// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { curvesState } from "../../src/panels/curves/state";
import { logState } from "../../src/panels/log/state";
import { PANELS } from "../../src/panels/panels.gen";
import { weightsState } from "../../src/panels/weights/state";
import type { Update } from "../../src/protocol/index.gen";
import type { RunState } from "../../src/session/run";
import { Store, type Topics } from "../../src/session/store";
import { fixture } from "../fixtures";

function storeWithRun(): { store: Store; run: RunState } {
	const store = new Store(PANELS);
	store.apply(fixture("run_added").message, []);
	const run = store.runs.get("run-1");
	if (!run) throw new Error("the fixture adds run-1");
	return { store, run };
}

function apply(store: Store, kind: Update["kind"]) {
	const { message, buffers } = fixture(kind);
	return store.apply(message as Update, buffers);
}

describe("each update's fixture", () => {
	test("run_added and run_changed", () => {
		const { store, run } = storeWithRun();
		apply(store, "run_changed");
		expect(run.name).toBe("digits");
		expect(run.has_model).toBe(false);
		apply(store, "graph_added");
		expect(run.has_model).toBe(true);
		expect(run.progress?.step).toBe(41);
	});

	test("points_appended fills series from an unaligned buffer, NaN included", () => {
		const { store, run } = storeWithRun();
		apply(store, "series_added");
		store.apply({ kind: "series_added", run_id: "run-1", series: 1, tag: "loss/val" }, []);
		apply(store, "points_appended");
		expect(curvesState.of(run).series.map((series) => series.length)).toEqual([2, 1]);
		expect(curvesState.of(run).series[0]?.tag).toBe("loss/train");
	});

	test("buckets_appended continues a series", () => {
		const { store, run } = storeWithRun();
		apply(store, "series_added");
		apply(store, "buckets_appended");
		expect(curvesState.of(run).series[0]?.length).toBe(2);
	});

	test("epochs, events, lines, settings and layers are kept", () => {
		const { store, run } = storeWithRun();
		for (const kind of [
			"epochs_started",
			"events_recorded",
			"lines_appended",
			"settings_changed",
			"layers_listed",
		] as const) {
			apply(store, kind);
		}
		expect(run.epochs).toEqual([0, 23]);
		expect(run.events[0]?.text).toBe("lr 0.01 → 0.001");
		expect(logState.of(run).lines).toHaveLength(1);
		expect(run.settings[0]?.name).toBe("lr");
		expect(weightsState.of(run).layers[0]?.shape).toEqual([8, 1, 3, 3]);
	});

	test("weights_updated keeps the cells", () => {
		const { store, run } = storeWithRun();
		apply(store, "weights_updated");
		expect([...(weightsState.of(run).heatmaps.get("fc.weight")?.cells ?? [])]).toEqual([
			-2, -1, 0, 1, 3, -32768,
		]);
	});

	test("answers are returned for what asked", () => {
		const { store } = storeWithRun();
		for (const kind of ["command_done", "command_failed", "range_sent", "graph_sent"] as const) {
			expect(apply(store, kind)?.kind).toBe(kind);
		}
	});
});

test("a run announced again keeps its points and takes its new name and commands", () => {
	const { store, run } = storeWithRun();
	apply(store, "series_added");
	apply(store, "points_appended");
	store.apply({ ...fixture("run_added").message, name: "renamed", commands: ["stop"] }, []);
	expect(store.runs.get("run-1")).toBe(run);
	expect([run.name, run.commands, curvesState.of(run).series[0]?.length]).toEqual([
		"renamed",
		["stop"],
		2,
	]);
});

test("the log keeps the newest lines and counts those it drops", () => {
	const { store, run } = storeWithRun();
	const { message } = fixture("lines_appended");
	const line = message.lines[0];
	if (!line) throw new Error("the fixture has a line");
	for (let i = 0; i < 5; i++) {
		const lines = Array.from({ length: 500 }, (_, n) => ({ ...line, step: i * 500 + n }));
		store.apply({ ...message, lines, dropped: i === 0 ? 3 : 0 }, []);
	}
	expect(logState.of(run).lines).toHaveLength(2000);
	expect(logState.of(run).lines.at(-1)?.step).toBe(2499);
	expect(logState.of(run).droppedLines).toBe(503);
});

test("listeners are called once per painted frame, with all that changed", async () => {
	const { store } = storeWithRun();
	const heard: Topics[] = [];
	const stop = store.subscribe((topics) => heard.push(topics));
	apply(store, "series_added");
	apply(store, "points_appended");
	await new Promise((resolve) => requestAnimationFrame(resolve));
	await new Promise((resolve) => requestAnimationFrame(resolve));
	expect(heard).toHaveLength(1);
	expect([...(heard[0] ?? [])].sort()).toEqual(["points", "runs", "series"]);
	stop();
});

test("an update for a run that was never announced is refused, not drawn elsewhere", () => {
	expect(() => apply(new Store(PANELS), "run_changed")).toThrow(/unknown run run-1/);
});
