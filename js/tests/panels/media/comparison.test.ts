// @vitest-environment happy-dom
// Images beside those of another step or run, and what is said of a pixel.
import { beforeEach, expect, test, vi } from "vitest";
import { pixelText } from "../../../src/items/pixels";
import { Comparison, type Other } from "../../../src/panels/media/comparison";
import { differenceOf } from "../../../src/panels/media/difference";
import { itemState } from "../../../src/session/item-panel";
import { shownStepOf } from "../../../src/session/shown-step";
import { EverythingInSight, runAdded, type Stage, stage } from "../stage";

beforeEach(() => vi.stubGlobal("IntersectionObserver", EverythingInSight));

async function staged(): Promise<{ on: Stage; comparison: Comparison; changed: () => void }> {
	const on = stage();
	await on.apply(runAdded("a", "base"), runAdded("b", "wide"));
	for (const [id, steps] of [
		["a", [10, 20, 30]],
		["b", [15, 25]],
	] as const) {
		const run = on.store.runs.get(id);
		if (!run) throw new Error("no run");
		const item = { tag: "x", item_kind: "image", count: steps.length };
		itemState("media")
			.of(run)
			.add(
				{
					kind: "media_added",
					items: [{ ...item, left_out_for_time: 0, left_out_for_memory: 0 }],
					overhead_share: 1,
				} as never,
				Float64Array.from(steps),
			);
	}
	const changed = vi.fn();
	let comparison: Comparison | undefined;
	on.mount((_host, context) => {
		comparison = new Comparison(context, changed);
		return () => undefined;
	});
	if (!comparison) throw new Error("not mounted");
	return { on, comparison, changed };
}

function choose({ select }: Comparison, label: string): void {
	const option = [...select.options].find(({ textContent }) => textContent === label);
	if (!option) throw new Error(`no ${label} in ${select.textContent}`);
	select.value = option.value;
	select.dispatchEvent(new Event("change"));
}

test("an image stands beside that of the first step, of a pinned step or of another run", async () => {
	const { on, comparison, changed } = await staged();
	let step: ReturnType<typeof shownStepOf> | undefined;
	on.mount((_host, context) => {
		step = shownStepOf(context);
		return () => undefined;
	});
	expect(comparison.isOn).toBe(false);
	expect(comparison.other("a", "x")).toBe("");
	choose(comparison, "With the first step");
	expect(changed).toHaveBeenCalledOnce();
	expect(comparison.other("a", "x")).toMatchObject({ run_id: "a", step: 10, label: "step 10" });
	step?.choose(27);
	choose(comparison, "With the step shown now");
	expect(comparison.select.selectedOptions[0]?.textContent).toBe("With step 27");
	step?.choose(undefined); // it stays pinned
	expect(comparison.other("a", "x")).toMatchObject({ run_id: "a", step: 20 });
	choose(comparison, "With the step shown now"); // the newest, while the runs are followed
	expect(comparison.select.selectedOptions[0]?.textContent).toBe("With step 30");
	expect(comparison.other("a", "x")).toMatchObject({ run_id: "a", step: 30 });
	choose(comparison, "With wide");
	expect(comparison.other("a", "x")).toMatchObject({
		run_id: "b",
		step: 25,
		label: "wide, step 25",
	});
	step?.choose(16);
	expect((comparison.other("a", "x") as Other).step).toBe(15);
	step?.choose(12);
	expect(comparison.other("a", "x")).toBe("wide has none so early");
	expect(comparison.other("a", "y")).toBe("wide has no y");
	choose(comparison, "Compare…");
	expect(comparison.isOn).toBe(false);
});

test("the largest difference is brightest, and is told", () => {
	const a = Uint8ClampedArray.from([10, 20, 30, 255, 0, 0, 0, 255]);
	const b = Uint8ClampedArray.from([10, 25, 20, 255, 0, 0, 0, 0]);
	expect(differenceOf(a, b).largest).toBe(10);
	expect([...differenceOf(a, b).pixels]).toEqual([0, 128, 255, 255, 0, 0, 0, 255]);
	expect(differenceOf(a, a).largest).toBe(0);
});

test("a pixel is told by its place in what was logged, and its values", () => {
	const data = Uint8ClampedArray.from([7, 7, 7, 255, 1, 2, 3, 51]);
	const image = { data, width: 2, height: 1 } as ImageData;
	expect(pixelText(image, 0, 0, 1)).toBe("x 0, y 0: 7");
	expect(pixelText(image, 1, 0, 4)).toBe("x 4, y 0: 1, 2, 3, opacity 20 %");
});
