// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import type { PhaseChanged } from "../../src/protocol/index.gen";
import { timeline } from "../../src/timeline/timeline";
import { EverythingInSight, runChanged, type Stage, stage, turns } from "../panels/stage";

const PHASES = ["batch", "forward", "loss", "backward", "optimizer"];
const COMMANDS = ["start", "pause", "resume", "step", "step_into", "stop"];

function phase(now: string, text = "", step = 41): PhaseChanged {
	return { kind: "phase_changed", run_id: "a", step, phase: now, phases: PHASES, text };
}

beforeEach(() => vi.stubGlobal("IntersectionObserver", EverythingInSight));

async function staged(): Promise<Stage> {
	const on = stage();
	const toolbar = document.createElement("div");
	toolbar.className = "nbviz-toolbar";
	const step = document.createElement("button");
	step.className = "nbviz-button-step";
	toolbar.append(step);
	on.root.append(toolbar);
	await on.apply(
		{
			kind: "run_added",
			run_id: "a",
			name: "a",
			started_at: 1,
			again: "",
			commands: COMMANDS,
			is_earlier: false,
		},
		runChanged("paused"),
	);
	on.mount((host, context) => timeline(host, context));
	await turns();
	return on;
}

const into = (on: Stage) => on.find<HTMLButtonElement>(".nbviz-step-into");
const row = (on: Stage) => on.find(".nbviz-phases");
const state = (on: Stage) =>
	[...row(on).querySelectorAll("li")].map((one) => `${one.textContent} ${one.dataset.is}`);

test("the line says which phase a step is in, what it gave, and leads to the next", async () => {
	const on = await staged();
	expect(row(on).hidden).toBe(true);
	into(on).click();
	into(on).click(); // until it is answered, one is enough
	expect(on.asked).toEqual([{ kind: "control", run_id: "a", name: "step_into", arguments: {} }]);
	await on.answer();
	await on.apply(phase("backward", "gradient norm 0.412"));
	expect(row(on).hidden).toBe(false);
	expect(state(on)).toEqual([
		"batch done",
		"forward done",
		"loss done",
		"backward now",
		"optimizer next",
	]);
	expect(row(on).querySelector("[aria-current=step]")?.textContent).toBe("backward");
	expect(row(on).textContent).toContain("In step 41");
	expect(row(on).textContent).toContain("gradient norm 0.412");
	const [next, finish] = row(on).querySelectorAll("button");
	expect(next?.textContent).toBe("On to optimizer");
	next?.click();
	expect(on.asked.at(-1)).toMatchObject({ name: "step_into" });
	await on.answer();
	finish?.click();
	expect(on.asked.at(-1)).toMatchObject({ name: "step", arguments: { n: 1 } });
});

test("after its last phase a step is done, and the line goes when the run does", async () => {
	const on = await staged();
	await on.apply(phase("end"));
	expect(row(on).textContent).toContain("Step 41 is done");
	expect(state(on).every((one) => one.endsWith("done"))).toBe(true);
	expect(row(on).querySelector("button")?.textContent).toBe("Into the next step");
	on.root.dispatchEvent(new KeyboardEvent("keydown", { key: "n" }));
	expect(on.asked).toHaveLength(1);
	await on.answer("the run has been stopped");
	expect(on.find(".nbviz-act").textContent).toContain("has been stopped");
	await on.apply(runChanged("running"), phase("", "", 0));
	expect(row(on).hidden).toBe(true);
});
