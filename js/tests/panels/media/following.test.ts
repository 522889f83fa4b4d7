// @vitest-environment happy-dom
// Cards that are seen and show the newest have the kernel send it unasked; others ask for what they show.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mountMedia } from "../../../src/panels/media/panel";
import { shownStepOf } from "../../../src/session/shown-step";
import { fixture } from "../../fixtures";
import { EverythingInSight, runAdded, runChanged, type Stage, stage, turns } from "../stage";

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
	vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:image");
});
afterEach(() => vi.unstubAllGlobals());

const bytes = new DataView(new ArrayBuffer(8));

/** Lists a step of a tag, if any, perhaps with the item itself at another step. */
async function tell(on: Stage, steps: number[], sent?: number): Promise<void> {
	const item = {
		tag: "samples",
		item_kind: "image",
		count: steps.length,
		left_out_for_time: 0,
		left_out_for_memory: 0,
	};
	const whole = { ...fixture("image_sent").message, tag: "samples", step: sent, buffer: 1 };
	const items = [sent === undefined ? item : { ...item, sent: whole }];
	const buffers = [new DataView(Float64Array.from(steps).buffer), bytes];
	on.store.apply(
		{ kind: "media_added", run_id: "a", items, overhead_share: 1, buffer: 0 },
		buffers,
	);
	await turns();
}

const keys = (on: Stage) =>
	on.wanted.filter(({ panel }) => panel === "media").map((one) => one.keys);
const steps = (on: Stage) => on.asked.map((one) => ("step" in one ? one.step : undefined));

async function shown(status: "running" | "finished") {
	const on = stage();
	let choose: (step: number | undefined) => void = () => undefined;
	on.mount((host, context) => {
		choose = (step) => shownStepOf(context).choose(step);
		return mountMedia(host, context);
	});
	await on.apply(runAdded(), runChanged(status));
	await tell(on, [10]);
	return { on, choose };
}

test("the newest of what is seen is followed while the run goes on and no earlier step is chosen", async () => {
	const { on, choose } = await shown("running");
	expect(keys(on)).toEqual([["428 samples"]]);
	choose(10);
	await turns();
	expect(keys(on)).toEqual([["428 samples"], []]);
	choose(undefined);
	await turns();
	await on.apply(runChanged("finished"));
	expect(keys(on)).toEqual([["428 samples"], [], ["428 samples"], []]);
});

test("of a run that is over nothing is followed", async () => {
	const { on } = await shown("finished");
	expect([keys(on), steps(on)]).toEqual([[], [10]]);
});

test("what came unasked is drawn, and not asked for", async () => {
	const { on } = await shown("running");
	expect(steps(on)).toEqual([10]);
	await on.answer({ ...fixture("image_sent").message, step: 10, bytes } as never);
	const card = on.find(".nbviz-items-card");
	await tell(on, [20], 20);
	expect([card.dataset.step, steps(on)]).toEqual(["20", [10]]);
	await tell(on, [30]);
	await tell(on, [], 30);
	expect([card.dataset.step, steps(on)]).toEqual(["30", [10]]);
});

test("the same step, logged again, is drawn again", async () => {
	const { on } = await shown("running");
	await on.answer({ ...fixture("image_sent").message, step: 10, bytes } as never);
	const image = on.find<HTMLImageElement>("img");
	await tell(on, [20], 20);
	vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:again");
	await tell(on, [20], 20);
	expect(image.src).toBe("blob:again");
});
