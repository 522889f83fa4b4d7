// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { mountCurves } from "../../../src/panels/curves/panel";
import type { Update } from "../../../src/protocol/index.gen";
import { passingViewState, type ViewState } from "../../../src/ui/view-state";
import { EverythingInSight, runAdded, type Stage, stage, turns } from "../stage";

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
});

async function watched(memory?: ViewState): Promise<Stage> {
	const on = stage(true, memory);
	on.mount(mountCurves);
	const tags = Array.from({ length: 240 }, (_, i) => `weights/layer${i}/norm`);
	const all = ["gradients/fc/std", ...tags, "loss/train"];
	const added = (tag: string, series: number): Update => ({
		kind: "series_added",
		run_id: "a",
		series,
		tag,
	});
	await on.apply(runAdded(), ...all.map(added));
	return on;
}

const charts = (on: Stage) => on.root.querySelectorAll(".nbviz-chart").length;

test("hundreds of watched tags stay folded, below what was logged by hand", async () => {
	const on = await watched();
	expect(charts(on)).toBe(1);
	const headings = [...on.root.querySelectorAll(".nbviz-curves-heading")];
	expect(headings.map((one) => one.textContent)).toEqual(["gradients1 chart", "weights240 charts"]);
	expect(headings.map((one) => one.getAttribute("aria-expanded"))).toEqual(["false", "false"]);
});

test("a group opens and closes; of a large one the first charts are shown", async () => {
	const on = await watched();
	const heading = on.find('[aria-label="weights"] > button');
	heading.click();
	expect(heading.getAttribute("aria-expanded")).toBe("true");
	expect(charts(on)).toBe(1 + 48);
	const more = on.find('[aria-label="weights"] .nbviz-curves-more');
	expect(more.textContent).toBe("Show 48 more of 192");
	more.click();
	expect(charts(on)).toBe(1 + 96);
	heading.click();
	expect(charts(on)).toBe(1);
});

test("the series in open groups are wanted, and no others", async () => {
	const on = await watched();
	expect(on.drawn()).toEqual(["loss/train"]);
	on.find('[aria-label="gradients"] > button').click();
	await turns();
	expect(on.drawn()).toEqual(["gradients/fc/std", "loss/train"]);
	on.find(".nbviz-curves .nbviz-panel-toggle").click();
	await turns();
	expect(on.drawn()).toEqual([]);
	on.find(".nbviz-curves .nbviz-panel-toggle").click();
	await turns();
	expect(on.drawn()).toEqual(["gradients/fc/std", "loss/train"]);
});

function filter(on: Stage, text: string): void {
	const box = on.find<HTMLInputElement>(".nbviz-filter");
	box.value = text;
	box.dispatchEvent(new Event("input"));
}

test("the filter finds charts in folded groups, by text or by a regular expression", async () => {
	const on = await watched();
	filter(on, "Layer23");
	expect(charts(on)).toBe(11);
	expect(on.find(".nbviz-strip-found").textContent).toBe("11 of 242");
	filter(on, "layer2[34]/|^loss$");
	expect(charts(on)).toBe(3);
	filter(on, "layer(");
	expect(on.find(".nbviz-curves .nbviz-empty").hidden).toBe(false);
	filter(on, "");
	expect(charts(on)).toBe(1);
	expect(on.find(".nbviz-strip-found").hidden).toBe(true);
});

test("what a filter finds can be folded; a filter that finds too much opens nothing", async () => {
	const on = await watched();
	filter(on, "layer23");
	on.find('[aria-label="weights"] > button').click();
	expect(charts(on)).toBe(0);
	filter(on, "layer");
	expect(charts(on)).toBe(0);
	expect(on.find('[aria-label="weights"] .nbviz-curves-count').textContent).toBe("240 charts");
	filter(on, "");
	expect(on.find('[aria-label="weights"] > button').getAttribute("aria-expanded")).toBe("false");
});

test("a reload finds open groups, the filter, zooms, axes and hidden lines again", async () => {
	const memory = passingViewState();
	const first = await watched(memory);
	first.find('[aria-label="gradients"] > button').click();
	const smoothing = first.find<HTMLInputElement>(".nbviz-smoothing input");
	smoothing.value = "0.6";
	smoothing.dispatchEvent(new Event("input"));
	const xAxis = first.find<HTMLSelectElement>(".nbviz-strip select");
	xAxis.value = "time";
	xAxis.dispatchEvent(new Event("change"));
	first.find(".nbviz-segments button").click();
	first.find(".nbviz-legend-item").click();
	first.find('[aria-label="Enlarge"]').click();
	first.find(".nbviz-curves .nbviz-panel-toggle").click();

	const kept = JSON.parse(JSON.stringify(memory.read("curves")));
	const again = passingViewState();
	again.write("curves", { ...kept, zoom: { min: 10, max: 20 } });
	again.write("folded", memory.read("folded"));
	const second = await watched(again);
	expect(second.find('[aria-label="gradients"] > button').getAttribute("aria-expanded")).toBe(
		"true",
	);
	expect(second.find<HTMLInputElement>(".nbviz-smoothing input").value).toBe("0.6");
	expect(second.find<HTMLSelectElement>(".nbviz-strip select").value).toBe("time");
	expect(second.find(".nbviz-segments button").getAttribute("aria-pressed")).toBe("true");
	expect(second.find(".nbviz-legend-item").getAttribute("aria-pressed")).toBe("false");
	expect(second.find(".nbviz-chart").dataset.enlarged).toBe("true");
	expect(second.find(".nbviz-curves .nbviz-panel-body").hidden).toBe(true);
	expect(second.root.textContent).toContain("Reset zoom");
});

test("what is remembered in another form is as if it were not there", async () => {
	const memory = passingViewState();
	memory.write("curves", { smoothing: "x", zoom: 3, hidden: 4, open: [1], ranges: { a: null } });
	memory.write("folded", { "nbviz-curves": "yes" });
	const on = await watched(memory);
	expect(charts(on)).toBe(1);
	expect(on.find<HTMLInputElement>(".nbviz-smoothing input").value).toBe("0");
});
