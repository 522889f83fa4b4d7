// @vitest-environment happy-dom
// A card of histograms takes the parts that come unasked where they go on from what it holds, and asks for the
// rest.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mountHistograms } from "../../../src/panels/histograms/panel";
import type { HistogramsSent } from "../../../src/protocol/index.gen";
import { fixture } from "../../fixtures";
import { EverythingInSight, runAdded, runChanged, type Stage, stage, turns } from "../stage";

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

/** Histograms of these steps, as an answer or as a part that comes unasked. */
function part(after: number, ...steps: number[]): HistogramsSent & { bytes: DataView } {
	const counts = { bins: 1, count: 4, nonfinite: 0, minimum: 0, maximum: 1, mean: 1, std: 0.5 };
	return {
		...fixture("histograms_sent").message,
		run_id: "a",
		tag: "weights",
		after,
		step: steps.at(-1) ?? 0,
		histograms: steps.map((step) => ({ step, sampled: 0, ...counts })),
		buffer: 1,
		bytes: new DataView(Float64Array.from(steps.flatMap(() => [4, 0, 1])).buffer),
	};
}

/** Lists a step, perhaps with the part that ends with it. */
function list(on: Stage, step: number, sent?: HistogramsSent & { bytes: DataView }): void {
	const left_out = { left_out_for_time: 0, left_out_for_memory: 0 };
	const item = { tag: "weights", item_kind: "histogram", count: 1, ...left_out };
	const { bytes = new DataView(new ArrayBuffer(0)), ...message } = sent ?? {};
	const items = [sent ? { ...item, sent: message } : item];
	const buffers = [new DataView(Float64Array.of(step).buffer), bytes];
	on.store.apply(
		{ kind: "histograms_added", run_id: "a", items, overhead_share: 1, buffer: 0 },
		buffers,
	);
}

async function shown(): Promise<Stage & { held(): string | undefined; asked_after(): number[] }> {
	const on = stage();
	on.mount(mountHistograms);
	await on.apply(runAdded(), runChanged("running"));
	list(on, 2);
	await turns();
	await on.answer(part(-1, 1, 2));
	return {
		...on,
		held: () =>
			on
				.find("canvas")
				.getAttribute("aria-label")
				?.match(/over (\d+) steps/)?.[1],
		asked_after: () => on.asked.map((one) => ("after" in one ? one.after : Number.NaN)),
	};
}

test("parts go on from what is held, also where several came before the page drew", async () => {
	const on = await shown();
	expect(on.wanted.at(-1)?.keys).toEqual(["428 weights"]);
	list(on, 4, part(2, 3, 4));
	await turns();
	expect([on.held(), on.find(".nbviz-items-card").dataset.step]).toEqual(["4", "4"]);
	list(on, 5, part(4, 5));
	list(on, 6); // nothing comes with it
	list(on, 7, part(5, 6, 7));
	await turns();
	await vi.advanceTimersByTimeAsync(5000);
	expect([on.held(), on.find(".nbviz-items-card").dataset.step]).toEqual(["7", "7"]);
	expect(on.asked_after()).toEqual([-1]);
});

test("what lies between is asked for, once it has not come for a while", async () => {
	const on = await shown();
	list(on, 6, part(4, 5, 6));
	await turns();
	expect([on.held(), on.asked_after()]).toEqual(["2", [-1]]);
	await vi.advanceTimersByTimeAsync(500);
	expect(on.asked_after()).toEqual([-1, 2]);
	await on.answer(part(2, 3, 4, 5, 6));
	list(on, 7, part(6, 7));
	await turns();
	await vi.advanceTimersByTimeAsync(5000);
	expect([on.held(), on.asked_after()]).toEqual(["7", [-1, 2]]);
});

test("a step that is logged again is drawn again", async () => {
	const on = await shown();
	list(on, 3, part(2, 3));
	await turns();
	list(on, 3, {
		...part(2, 3),
		histograms: part(2, 3).histograms.map((one) => ({ ...one, mean: 9 })),
	});
	await turns();
	expect(on.held()).toBe("3");
	expect(on.find(".nbviz-picture-foot").textContent).toContain("9 ± 0.5");
});
