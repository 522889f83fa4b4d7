// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import { SeriesData } from "../../../src/charts/lines/series-data";
import { valueText } from "../../../src/panels/system/chart";
import { mountSystem } from "../../../src/panels/system/panel";
import { stepAt, timeOf } from "../../../src/panels/system/pointed";
import { systemState } from "../../../src/panels/system/state";
import { fixture } from "../../fixtures";
import { runAdded, stage } from "../stage";

afterEach(() => vi.unstubAllGlobals());

const listed = fixture("system_listed");
const sampled = fixture("system_sampled");

it("shows a chart for each kind of measure, with its newest values", async () => {
	const { mount, store, root, find } = stage();
	vi.stubGlobal("ResizeObserver", SizeOnce);
	Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, value: 300 });
	store.apply({ ...(runAdded("run-1") as object) } as never, []);
	store.apply(listed.message, []);
	store.apply(sampled.message, sampled.buffers);
	mount(mountSystem);
	const titles = [...root.querySelectorAll(".nbviz-system-title")].map((one) => one.textContent);
	expect(titles).toEqual(["CPU", "Disk"]);
	expect(find("[data-chart=CPU]").textContent).toContain("machine 40 %");
	expect(find("[data-chart=CPU]").textContent).toContain("this process 30 %");
	expect(find("[data-chart=Disk]").textContent).toContain("read 4 MB/s");
});

class SizeOnce {
	observe(): void {}
	disconnect(): void {}
}

it("appends the samples of each measure in turn", () => {
	const { store } = stage();
	store.apply(runAdded("run-1"), []);
	store.apply(listed.message, []);
	store.apply(sampled.message, sampled.buffers);
	store.apply(sampled.message, sampled.buffers);
	const run = store.runs.get("run-1");
	if (!run) throw new Error("no run");
	const { series } = systemState.of(run);
	expect(series.map(({ length }) => length)).toEqual([2, 2, 4]);
	expect([...(series[2]?.mean.slice(0, 4) ?? [])]).toEqual([2, 4, 2, 4]);
});

it("finds the step of a time and the time of a step", () => {
	const series = new SeriesData("a", 0, "");
	// Steps 10, 20, 20 at 1, 2, 3 seconds.
	series.appendPoints(new Float64Array([10, 20, 20, 1, 2, 3, 0, 0, 0]), 3);
	expect([0, 1.5, 2, 9].map((seconds) => stepAt(series, seconds))).toEqual([10, 10, 20, 20]);
	expect([10, 15, 20, 25].map((step) => timeOf(series, step))).toEqual([1, 1.5, 3, 3]);
	expect(timeOf(new SeriesData("a", 0, ""), 1)).toBeUndefined();
});

it("says a value with its unit", () => {
	const measure = (unit: "%" | "GB" | "MB/s", maximum: number | null) =>
		({ chart: "", name: "", unit, maximum }) as const;
	expect(valueText(41.6, measure("%", 100))).toBe("42 %");
	expect(valueText(1.234, measure("GB", 25.3))).toBe("1.23 GB");
	expect(valueText(Number.NaN, measure("GB", null))).toBe("–");
	expect(valueText(0.02, measure("MB/s", null))).toBe("0.02 MB/s");
});
