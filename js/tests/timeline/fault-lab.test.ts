// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import type { GoingBackChanged, Update } from "../../src/protocol/index.gen";
import { timeline } from "../../src/timeline/timeline";
import { fixture } from "../fixtures";
import { EverythingInSight, runAdded, runChanged, type Stage, stage, turns } from "../panels/stage";

beforeEach(() => vi.stubGlobal("IntersectionObserver", EverythingInSight));

const goingBack = { ...fixture("going_back_changed").message, run_id: "a", doing: "", number: 0 };
const injected: Update = {
	kind: "events_recorded",
	run_id: "a",
	events: [{ event: "fault", step: 41, wall_time: 2, text: "lr × 100: lr 0.1 → 10" }],
};

async function staged(): Promise<Stage> {
	const on = stage();
	for (const name of ["nbviz-toolbar", "nbviz-more", "nbviz-slot-graph"]) {
		const part = document.createElement("div");
		part.className = name;
		on.root.append(part);
	}
	const added = runAdded() as Extract<Update, { kind: "run_added" }>;
	await on.apply(
		{ ...added, commands: [...added.commands, "inject_fault"] },
		runChanged("running", { step: 41 }),
		goingBack as GoingBackChanged,
	);
	on.mount((host, context) => timeline(host, context));
	await turns();
	return on;
}

const strip = (on: Stage) => on.find(".nbviz-act");

test("a fault is injected by one click, and undone from the line under the toolbar", async () => {
	const on = await staged();
	expect(strip(on).hidden).toBe(true);
	const button = on.find<HTMLButtonElement>("[data-fault=high_lr]");
	expect(button.textContent).toBe("lr × 100");
	button.click();
	button.click();
	expect(on.asked).toEqual([
		{ kind: "control", run_id: "a", name: "inject_fault", arguments: { name: "high_lr" } },
	]);
	await on.answer();
	await on.apply(injected);
	expect(strip(on).textContent).toContain("Since step 41: lr × 100: lr 0.1 → 10.");
	const undo = strip(on).querySelector("button");
	expect(undo?.textContent).toBe("Undo: rewind to step 41");
	undo?.click();
	expect(on.asked.at(-1)).toMatchObject({ name: "rewind", arguments: { step: 41 } });
	await on.answer();
	strip(on).querySelector<HTMLElement>("[aria-label=Dismiss]")?.click();
	expect(strip(on).hidden).toBe(true);
});

test("one that is refused is said, and what was found leads to its panel", async () => {
	const on = await staged();
	on.find<HTMLButtonElement>("[data-fault=dead_relu]").click();
	await on.answer("the model has no ReLU");
	expect(strip(on).textContent).toContain("the model has no ReLU");
	await on.apply(runChanged("running", { step: 42 }));
	expect(strip(on).textContent).toContain("the model has no ReLU");
	const outcome = { outcome: "In step 17 log was the first", outcome_panel: "graph", number: 3 };
	await on.apply({ ...(goingBack as GoingBackChanged), ...outcome });
	expect(strip(on).querySelector("button")?.textContent).toBe("Show in Model");
});

test("a fault is said at once, also where an act has led to the step or was refused there", async () => {
	const on = await staged();
	const outcome = { outcome: "Paused at step 41", outcome_run: "a", number: 3 };
	await on.apply({ ...(goingBack as GoingBackChanged), ...outcome });
	expect(strip(on).textContent).toContain("Paused at step 41");
	await on.apply(injected);
	expect(strip(on).textContent).toContain("Since step 41: lr × 100");
	on.find<HTMLButtonElement>("[data-fault=dead_relu]").click();
	await on.answer("the model has no ReLU");
	expect(strip(on).textContent).toContain("the model has no ReLU");
	await on.apply(injected);
	expect(strip(on).textContent).toContain("Since step 41: lr × 100");
});
