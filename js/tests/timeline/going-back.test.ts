// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import type { GoingBackChanged } from "../../src/protocol/index.gen";
import { costOf, costText } from "../../src/timeline/cost";
import { timeline } from "../../src/timeline/timeline";
import {
	EverythingInSight,
	runAdded,
	runChanged,
	type Stage,
	settings,
	stage,
	turns,
} from "../panels/stage";

const KEPT = { kept: [0, 120, 363], reach: [0, 121, 363], step_seconds: 0.05 };

function goingBack(more: Partial<GoingBackChanged> = {}): GoingBackChanged {
	return {
		kind: "going_back_changed",
		run_id: "a",
		refused: "",
		...KEPT,
		doing: "",
		first: 0,
		last: 0,
		at: 0,
		outcome: "",
		is_failure: false,
		outcome_run: "",
		outcome_panel: "",
		number: 0,
		...more,
	};
}

test("what it costs is counted from the nearest state that leads to the step", () => {
	expect(costOf(KEPT, 400)).toEqual({ from: 363, steps: 37, seconds: 37 * 0.05 });
	// What was changed by hand after step 120 is not undone by the state of after that.
	expect(costOf(KEPT, 120)?.from).toBe(0);
	expect(costOf({ kept: [50], reach: [51], step_seconds: null }, 50)).toMatchObject({ steps: 0 });
	expect(costOf({ kept: [50], reach: [51], step_seconds: null }, 49)).toBeUndefined();
	expect(costText(KEPT, 364)).toContain("step 363: 1 step is made again, in under a second");
	expect(costText({ kept: [50], reach: [51], step_seconds: null }, 49)).toContain(
		"is that of step 50",
	);
});

beforeEach(() => vi.stubGlobal("IntersectionObserver", EverythingInSight));

async function staged(): Promise<Stage> {
	const on = stage();
	const toolbar = document.createElement("div");
	toolbar.className = "nbviz-toolbar";
	on.root.append(toolbar);
	await on.apply(runAdded(), runChanged("paused", { step: 400 }), settings(0.1), goingBack());
	on.mount((host, context) => timeline(host, context));
	await turns();
	return on;
}

const button = (on: Stage, act: string) => on.find<HTMLButtonElement>(`[data-act=${act}]`);

test("a fork is asked for with what was filled in, and what was not changed is not set", async () => {
	const on = await staged();
	button(on, "fork").click();
	await turns();
	const step = on.find<HTMLInputElement>("[aria-label='Fork the run'] [aria-label=Step]");
	const go = on.find<HTMLButtonElement>("[aria-label='Fork the run'] .nbviz-button-main");
	step.value = "401";
	step.dispatchEvent(new Event("input"));
	expect(go.getAttribute("aria-disabled")).toBe("true");
	go.click();
	step.value = "370";
	step.dispatchEvent(new Event("input"));
	go.click();
	expect(on.asked).toEqual([
		{ kind: "control", run_id: "a", name: "fork", arguments: { step: 370 } },
	]);
	await on.answer("'a' is busy");
	expect(on.find(".nbviz-act").textContent).toContain("is busy");
});

test("a run that cannot go back says why, and one that is going back how far it is", async () => {
	const on = await staged();
	await on.apply(goingBack({ refused: "ring is off" }));
	expect(button(on, "rewind").getAttribute("aria-disabled")).toBe("true");
	expect(button(on, "rewind").title).toBe("Not possible: ring is off.");
	const doing = "Rewinding to step 400";
	await on.apply(goingBack({ doing, first: 363, last: 400, at: 380 }));
	const strip = on.find(".nbviz-act");
	expect(strip.textContent).toContain("Rewinding to step 400: step 380 of 400, about 1.0 s left");
	strip.querySelector("button")?.click();
	expect(on.asked.at(-1)).toMatchObject({ name: "cancel", arguments: {} });
});

test("without its kernel nothing is offered that only that can do", async () => {
	const on = await staged();
	await on.apply(goingBack({ doing: "Rewinding to step 400", first: 363, last: 400, at: 380 }));
	const parts = () => [on.find(".nbviz-go-back").hidden, on.find(".nbviz-act").hidden];
	expect(parts()).toEqual([false, false]);
	on.store.setGone();
	await turns();
	expect(parts()).toEqual([true, true]);
	expect(on.find<HTMLInputElement>(".nbviz-slider").value).toBe("1000"); // looking back goes on
});

test("the run that a rewind led to is chosen, and its outcome stays until it goes on", async () => {
	const on = await staged();
	const outcome = { outcome: "Paused at step 370", outcome_run: "b", number: 2 };
	await on.apply(
		runAdded("a", "baseline", true),
		goingBack({ refused: "the trainer goes on with another run" }),
		runAdded("b", "baseline (2)"),
		runChanged("paused", { run_id: "b", step: 370 }),
		goingBack({ run_id: "b", ...outcome }),
		// Of a trainer whose newest act is an older one.
		runAdded("c", "fork"),
		goingBack({ run_id: "c", outcome: "Forked", number: 1 }),
	);
	expect(on.find(".nbviz-act-text").textContent).toBe("Paused at step 370");
	expect(on.find(".nbviz-timeline-step").textContent).toBe("step 370");
	await on.apply(runChanged("running", { run_id: "b", step: 371 }));
	expect(on.find(".nbviz-act").hidden).toBe(true);
});
