// @vitest-environment happy-dom
// Histograms in their panel: percentiles, what is drawn of many, what is asked of which run, what is said.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HistogramColumn } from "../../../src/charts/histogram-course";
import {
	chosen,
	heights,
	highestDrawn,
	quantile,
	SHARES,
} from "../../../src/panels/histograms/course";
import { mountHistograms } from "../../../src/panels/histograms/panel";
import type { HistogramsSent, Update } from "../../../src/protocol/index.gen";
import type { Question } from "../../../src/session/asker";
import { asker, EverythingInSight, runAdded, type Stage, stage, turns } from "../stage";

function column(counts: number[], edges: number[], step = 1): HistogramColumn {
	return {
		step,
		bins: counts.length,
		count: counts.reduce((sum, count) => sum + count, 0),
		nonfinite: 0,
		sampled: 0,
		minimum: edges[0] ?? 0,
		maximum: edges.at(-1) ?? 0,
		mean: 0,
		std: 1,
		counts: Float64Array.from(counts),
		edges: Float64Array.from(edges),
	};
}

test("percentiles lie where as many values are below them", () => {
	const even = column([10, 10, 10, 10], [0, 1, 2, 3, 4]);
	expect(SHARES.map((share) => quantile(even, share))).toEqual(
		SHARES.map((share) => expect.closeTo(4 * share, 10)),
	);
	const gap = column([0, 5, 0, 0, 5, 0], [-9, 0, 1, 2, 3, 4, 99]);
	expect([quantile(gap, 0), quantile(gap, 0.5), quantile(gap, 0.75), quantile(gap, 1)]).toEqual([
		0, 1, 3.5, 4,
	]);
	expect(quantile(column([0, 0], [0, 1, 2]), 0.5)).toBeNaN();
	expect(quantile(column([7], [2, 4]), 1)).toBe(4);
});

test("bins of other widths are as high as their density, or the logarithm of their count", () => {
	const uneven = column([10, 10], [0, 1, 3]);
	expect(heights(uneven, 3, false)).toEqual([1.5, 0.75]);
	expect(heights(uneven, 3, true)).toEqual([Math.log(11), Math.log(11)]);
});

test("a few high ridges do not flatten the others, however few there are", () => {
	expect(highestDrawn([1, 1, 1, 1, 1, 1, 40])).toBe(2);
	expect(highestDrawn([3, 2, 1, 50, 4])).toBe(8);
	expect(highestDrawn([3, 2, 4])).toBe(4);
	expect([highestDrawn([7]), highestDrawn([]), highestDrawn([0, 0])]).toEqual([7, 1, 1]);
});

test("of many columns some are drawn, the shown one among them", () => {
	const many = Array.from({ length: 100 }, (_, i) => column([1], [0, 1], i));
	const steps = chosen(many, 10, 37).map(({ step }) => step);
	expect(steps).toEqual([0, 11, 22, 33, 37, 44, 55, 66, 77, 88, 99]);
	expect(chosen(many.slice(0, 3), 10, 0)).toHaveLength(3);
});

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
});
afterEach(() => vi.unstubAllGlobals());

const COUNTS = { bins: 2, count: 4, nonfinite: 0, minimum: 0, maximum: 2, mean: 1, std: 0.5 };

function sent({ run_id, tag, step }: { run_id: string; tag: string; step: number }, sampled = 0) {
	const answer: HistogramsSent = {
		kind: "histograms_sent",
		client_id: "",
		request_id: 0,
		run_id,
		tag,
		step,
		after: -1,
		histograms: [{ step, sampled, ...COUNTS }],
		buffer: 0,
	};
	return { ...answer, bytes: new DataView(Float64Array.from([1, 3, 0, 1, 2]).buffer) };
}

async function mounted(sampled = 0): Promise<Stage & { histograms: Question[] }> {
	const on = stage();
	const histograms: Question[] = [];
	on.mount((host, context) =>
		mountHistograms(host, {
			...context,
			asker: asker((question) => {
				if (question.kind !== "send_histograms") throw new Error(question.kind);
				histograms.push(question);
				return Promise.resolve(sent(question, sampled));
			}),
		}),
	);
	await on.apply(runAdded("a", "first"), runAdded("b", "second"));
	for (const run_id of ["a", "b"]) {
		const update: Update = {
			kind: "histograms_added",
			run_id,
			items: [
				{
					tag: "logits",
					item_kind: "histogram",
					count: 1,
					left_out_for_time: 0,
					left_out_for_memory: 0,
				},
			],
			overhead_share: 1,
			buffer: 0,
		};
		on.store.apply(update, [new DataView(Float64Array.from([5]).buffer)]);
	}
	await turns();
	return { ...on, histograms };
}

test("the other runs are asked for when they are drawn, too", async () => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
	const on = await mounted();
	const runs = () => on.histograms.map((one) => ("run_id" in one ? one.run_id : ""));
	expect(runs()).toEqual(["b"]);
	[...on.root.querySelectorAll("button")].find((one) => one.textContent === "All runs")?.click();
	await vi.advanceTimersByTimeAsync(1000);
	expect(runs()).toEqual(["b", "a"]);
	vi.useRealTimers();
});

test("a sample says so", async () => {
	const on = await mounted(3);
	const foot = on.find(".nbviz-picture-foot");
	expect(foot.textContent).toContain("sampled: 3 of 4");
	expect(on.find("canvas").getAttribute("aria-label")).toContain("4 values, 1 ± 0.5, sampled");
});

test("each form has a canvas of its own", async () => {
	const on = await mounted();
	const first = on.find("canvas");
	for (const label of ["Heat", "Bands", "Ridges"]) {
		[...on.root.querySelectorAll("button")].find((one) => one.textContent === label)?.click();
		expect(on.root.querySelectorAll("canvas")).toHaveLength(1);
	}
	expect(on.find("canvas")).toBe(first);
});
