// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { panel } from "../../../src/panels/weights";
import { mountWeights } from "../../../src/panels/weights/panel";
import type { LayerInfo, Update, WeightsUpdated } from "../../../src/protocol/index.gen";
import type { Answer } from "../../../src/session/asker";
import { mountAsset } from "../../../src/session/assets";
import type { AssetPanel, Context } from "../../../src/session/panel";
import type { RunState } from "../../../src/session/run";
import { shownStepOf } from "../../../src/session/shown-step";
import { passingViewState } from "../../../src/ui/view-state";
import { graphAdded, runAdded, runChanged, stage, turns } from "../stage";

/** The page lays nothing out here, so the test says what can be seen. */
class Sight {
	static all: Sight[] = [];
	readonly targets = new Set<Element>();
	constructor(private readonly callback: (entries: unknown[]) => void) {
		Sight.all.push(this);
	}
	observe(target: Element): void {
		this.targets.add(target);
	}
	unobserve(target: Element): void {
		this.targets.delete(target);
	}
	disconnect(): void {
		this.targets.clear();
	}
	static async seeAll(): Promise<void> {
		for (const { callback, targets } of Sight.all) {
			callback([...targets].map((target) => ({ target, isIntersecting: true })));
		}
		await turns();
	}
	static async see(...names: string[]): Promise<void> {
		for (const sight of Sight.all) {
			sight.callback(
				[...sight.targets].map((target) => ({
					target,
					isIntersecting: names.includes(target.getAttribute("aria-label") ?? ""),
				})),
			);
		}
		await turns();
	}
}

beforeEach(() => {
	Sight.all = [];
	vi.stubGlobal("IntersectionObserver", Sight);
});
afterEach(() => vi.unstubAllGlobals());

const asset = panel.asset as AssetPanel;
const layer = (name: string, ...shape: number[]): LayerInfo => ({ name, shape });
const listed = (...layers: LayerInfo[]): Update => ({ kind: "layers_listed", run_id: "a", layers });
const SOME = listed(
	layer("conv1.weight", 16, 1, 3, 3),
	layer("conv1.bias", 16),
	layer("conv2.weight", 32, 16, 3, 3),
	layer("fc1.weight", 64, 512),
	layer("fc2.weight", 32, 64),
	layer("fc3.weight", 10, 32),
);
const HEATMAP: WeightsUpdated = {
	kind: "weights_updated",
	run_id: "a",
	name: "fc.weight",
	step: 12,
	shape: [2, 2],
	rows: 2,
	columns: 2,
	tile_rows: 0,
	tile_columns: 0,
	reduced: 1,
	scale: 0.01,
	minimum: -2,
	maximum: 1,
	mean: -0.333,
	std: 1.5,
	nonfinite: 1,
	buffer: 0,
};
const cards = (root: HTMLElement) =>
	[...root.querySelectorAll(".nbviz-weights-card")].map((card) => card.getAttribute("aria-label"));

it("is not there for a run without a model, until that logs weights", async () => {
	const { mount, apply, root } = stage();
	mount(mountAsset(panel, asset, () => Promise.resolve(mountWeights)));
	await apply(runAdded());
	expect(root.hidden).toBe(true);
	await apply(SOME);
	expect(root.hidden).toBe(false);
});

it("finds its layers and colours again after a reload, for the same run", async () => {
	const memory = passingViewState();
	const choices = { palette: "magnitude", isShared: true, isClipped: true };
	memory.write("weights", { ...choices, chosen: ["fc2.weight"], chosenOf: "a" });
	const { mount, apply, root } = stage(true, memory);
	mount(mountWeights);
	await apply(runAdded(), SOME);
	expect(cards(root)).toEqual(["fc2.weight"]);
	const pressed = [...root.querySelectorAll(".nbviz-segment[aria-pressed=true]")];
	expect(pressed.map((one) => one.textContent)).toEqual(["Size", "Shared", "Clip"]);
	memory.write("weights", { ...choices, chosen: ["fc2.weight"], chosenOf: "another" });
	const second = stage(true, memory);
	second.mount(mountWeights);
	await second.apply(runAdded(), SOME);
	expect(cards(second.root).length).toBe(4);
});

it("says that there is nothing yet, where a model is known", async () => {
	const { mount, apply, find, root } = stage();
	mount(mountAsset(panel, asset, () => Promise.resolve(mountWeights)));
	await apply(runAdded(), graphAdded());
	await Sight.seeAll();
	expect(root.hidden).toBe(false);
	expect(find(".nbviz-panel-body > .nbviz-empty").textContent).toContain("No weights yet");
});

it("suggests the first and the last matrices, no biases", async () => {
	const { mount, apply, root } = stage();
	mount(mountWeights);
	await apply(runAdded(), SOME);
	expect(cards(root)).toEqual(["conv1.weight", "conv2.weight", "fc2.weight", "fc3.weight"]);
});

it("wants what can be seen, and nothing else", async () => {
	const { mount, apply, wanted } = stage();
	const unmount = mount(mountWeights);
	await apply(runAdded(), SOME);
	expect(wanted).toEqual([]);
	await Sight.see("conv1.weight", "fc3.weight");
	expect(wanted.at(-1)).toEqual({
		kind: "set_wanted",
		run_id: "a",
		panel: "weights",
		view: expect.any(Number),
		keys: ["conv1.weight", "fc3.weight"],
	});
	await Sight.see();
	expect(wanted.at(-1)).toMatchObject({ keys: [] });
	await Sight.see("fc3.weight");
	unmount();
	await turns();
	expect(wanted.at(-1)).toMatchObject({ keys: [] });
	expect(wanted).toHaveLength(4);
});

it("wants the same again after a new snapshot", async () => {
	const { mount, apply, wanted, store } = stage();
	mount(mountWeights);
	await apply(runAdded(), SOME);
	await Sight.see("conv1.weight");
	store.clear();
	await apply(runAdded(), SOME);
	await Sight.see("conv1.weight");
	expect(wanted.map(({ keys }) => keys)).toEqual([["conv1.weight"], ["conv1.weight"]]);
});

it("asks nothing of a recorded run", async () => {
	const { mount, apply, wanted } = stage(false);
	mount(mountWeights);
	await apply(runAdded(), SOME);
	await Sight.see("conv1.weight");
	expect(wanted).toEqual([]);
});

it("says of a layer whether its picture is on its way", async () => {
	const live = stage();
	live.mount(mountWeights);
	await live.apply(runAdded(), SOME);
	const said = () => live.find(".nbviz-weights-waiting").textContent;
	expect(said()).toBe("Waiting for the next step…");
	for (const status of ["finished", "stopped", "failed"] as const) {
		await live.apply(runChanged(status));
		expect(said()).toBe("No picture was kept");
		await live.apply(runChanged("running"));
		expect(said()).toBe("Waiting for the next step…");
	}
	live.store.setGone();
	await turns();
	expect(said()).toBe("No picture was kept");
	const recorded = stage(false);
	recorded.mount(mountWeights);
	await recorded.apply(runAdded(), SOME);
	expect(recorded.find(".nbviz-weights-waiting").textContent).toBe("No picture was kept");
});

it("shows the layers that are picked", async () => {
	const { mount, apply, root, find } = stage();
	mount(mountWeights);
	await apply(runAdded(), SOME);
	find<HTMLInputElement>('[data-name="conv1.bias"] input').click();
	expect(cards(root)).toContain("conv1.bias");
	find<HTMLInputElement>('[data-name="conv1.weight"] input').click();
	expect(cards(root)).not.toContain("conv1.weight");
});

it("draws a picture with its statistics and what is not finite", async () => {
	const { mount, apply, store, find } = stage();
	mount(mountWeights);
	await apply(runAdded(), listed(layer("fc.weight", 2, 2)));
	const cells = Int16Array.of(-32768, 0, 100, -200);
	store.apply(HEATMAP, [new DataView(cells.buffer)]);
	await turns();
	expect(find("canvas.nbviz-heatmap").dataset).toMatchObject({ layer: "fc.weight", step: "12" });
	expect(find(".nbviz-statistics").textContent).toBe("min−2mean−0.333max1std1.5");
	expect(find(".nbviz-scale-labels").textContent).toBe("−20+2");
	expect(find(".nbviz-weights-nonfinite").textContent).toBe("1 value is NaN or infinite");
	expect(find(".nbviz-weights-nonfinite").hidden).toBe(false);
});

it("at an earlier step its heatmaps are asked for, and come from what is kept", async () => {
	const on = stage();
	let context: Context | undefined;
	on.mount((host, given) => {
		context = given;
		return mountWeights(host, given);
	});
	await on.apply(runAdded(), listed(layer("fc.weight", 2, 2)));
	const newest = { ...HEATMAP, step: 30 };
	on.store.apply(newest, [new DataView(Int16Array.of(1, 2, 3, 4).buffer)]);
	const items = [
		{
			tag: "fc.weight",
			item_kind: "tensor",
			count: 3,
			left_out_for_time: 0,
			left_out_for_memory: 0,
		},
	];
	const steps = new DataView(Float64Array.of(10, 20, 30).buffer);
	on.store.apply({ kind: "weights_kept", run_id: "a", items, overhead_share: 1, buffer: 0 }, [
		steps,
	]);
	await turns();
	const { run_id } = HEATMAP;
	expect(panel.steps?.(on.store.runs.get(run_id) as RunState)).toEqual([10, 20, 30]);
	const canvas = () => on.find("canvas.nbviz-heatmap").dataset;
	expect(canvas()).toMatchObject({ step: "30" });
	const shown = shownStepOf(context as Context);
	shown.choose(25);
	await turns();
	expect(on.asked).toEqual([{ kind: "send_weights", run_id, name: "fc.weight", step: 20 }]);
	expect(canvas()).toMatchObject({ step: "30" }); // until it has come
	const said = () => on.find(".nbviz-weights-shape").textContent;
	expect(said()).toBe("step 30 · 2 × 2");
	const { kind, ...fields } = { ...HEATMAP, step: 20 };
	const bytes = new DataView(Int16Array.of(5, 6, 7, 8).buffer);
	const answer = { ...fields, kind: "weights_sent", client_id: "", request_id: 0, bytes };
	await on.answer(answer as unknown as Answer);
	expect(kind).toBe("weights_updated");
	expect(canvas()).toMatchObject({ step: "20" });
	expect(said()).toBe("step 20 · 2 × 2");
	shown.choose(undefined);
	expect(canvas()).toMatchObject({ step: "30" });
	expect(said()).toBe("2 × 2");
	shown.choose(20); // it is kept
	expect(canvas()).toMatchObject({ step: "20" });
	shown.choose(5); // the first one, where all are later
	await turns();
	expect(on.asked[1]).toMatchObject({ step: 10 });
	await on.answer("gone");
	expect(canvas()).toMatchObject({ step: "20" });
	expect(on.asked).toHaveLength(2);
});
