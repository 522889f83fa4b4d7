// The step of a spike in buckets of buckets, found with the kernel's help.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SeriesData } from "../../../src/charts/lines/series-data";
import type { Extreme } from "../../../src/charts/readout";
import type { Curve } from "../../../src/panels/curves/chart-curves";
import { Extremes } from "../../../src/panels/curves/extremes";
import type { Answered, Asker, Question } from "../../../src/session/asker";
import type { RunState } from "../../../src/session/run";

const SPIKE = 17_321_555;
const STEPS = 40_000_000;

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

/** Has a point at each step, all 1 but for a spike of 40, and answers in at most 4,000 buckets. */
class Kernel implements Asker {
	readonly isLive = true;
	readonly asked: (readonly [number, number])[] = [];
	refuses = false;

	ask<Q extends Question>(question: Q): Promise<Answered<Q["kind"]>> {
		if (question.kind !== "send_range") throw new Error(`unexpected ${question.kind}`);
		const { first_step, last_step, points } = question;
		this.asked.push([first_step, last_step]);
		if (this.refuses) return Promise.reject(new Error("no such run"));
		const to = Math.min(last_step, STEPS);
		const size = Math.ceil((to - first_step + 1) / points);
		const starts = Array.from(
			{ length: Math.ceil((to - first_step + 1) / size) },
			(_, i) => first_step + i * size,
		);
		const max = starts.map((start) => (SPIKE >= start && SPIKE < start + size ? 40 : 1));
		const same = (value: number) => starts.map(() => value);
		const counts = starts.map((start) => Math.min(size, to - start + 1));
		const block = Float64Array.from(
			[starts, starts, same(1), max, same(1), counts, same(0)].flat(),
		);
		const answer = {
			kind: "range_sent" as const,
			client_id: "",
			request_id: 1,
			run_id: "a",
			series: question.series,
			counts: [starts.length],
			buffer: 0,
			bytes: new DataView(block.buffer),
		};
		return Promise.resolve(answer as Answered<Q["kind"]>);
	}
}

function line(): Curve {
	const series = new SeriesData("a", 0, "loss");
	series.appendBuckets(Float64Array.from([1, 0, 1, 40, 1, STEPS, 0]), 1);
	series.last = { step: STEPS, wallTime: 1, value: 1 };
	return { key: "a\nloss", run: { run_id: "a" } as RunState, series } as Curve;
}

const near: Extreme = { value: 40, step: 1, isExact: false, last: Number.MAX_SAFE_INTEGER };

test("the very step comes from the kernel, once the pointer rests, and is asked for once", async () => {
	const kernel = new Kernel();
	const arrived = vi.fn();
	const extremes = new Extremes(kernel, arrived);
	const loss = line();
	for (let moved = 0; moved < 5; moved++) {
		extremes.refine([[loss, { ...near, last: near.last - 1 - moved }]]);
		await vi.advanceTimersByTimeAsync(100);
	}
	expect(kernel.asked).toEqual([]);
	// A live run is drawn again and again meanwhile.
	for (let drawn = 0; drawn < 3; drawn++) {
		expect(extremes.refine([[loss, near]])).toEqual([near]);
		await vi.advanceTimersByTimeAsync(40);
	}
	await vi.runAllTimersAsync();
	expect(arrived).toHaveBeenCalledOnce();
	expect(kernel.asked.length).toBeLessThanOrEqual(3);
	const [exact] = extremes.refine([[loss, near]]);
	expect(exact).toMatchObject({ value: 40, step: SPIKE, isExact: true });
	const count = kernel.asked.length;
	await vi.runAllTimersAsync();
	expect(kernel.asked).toHaveLength(count);
});

test("what is exact, a mean of runs, or refused stays as it is", async () => {
	const kernel = new Kernel();
	kernel.refuses = true;
	const extremes = new Extremes(kernel, () => undefined);
	const loss = line();
	const exact = { ...near, isExact: true };
	const mean = { ...loss, members: [loss] };
	const shown = [
		[loss, exact],
		[mean, near],
		[loss, undefined],
		[loss, near],
	] as const;
	for (let frame = 0; frame < 3; frame++) {
		expect(extremes.refine(shown)).toEqual([exact, near, undefined, near]);
		await vi.runAllTimersAsync();
	}
	expect(kernel.asked).toHaveLength(1);
	extremes.refine([[{ ...loss, key: "b" }, near]]);
	extremes.stop();
	await vi.runAllTimersAsync();
	expect(kernel.asked).toHaveLength(1);
});
