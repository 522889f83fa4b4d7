import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SeriesData } from "../../../src/charts/lines/series-data";
import type { Curve } from "../../../src/panels/curves/chart-curves";
import { Details } from "../../../src/panels/curves/details";
import type { Answered, Asker, Question } from "../../../src/session/asker";
import type { RunState } from "../../../src/session/run";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

/** A kernel that answers every range with one bucket a step, for each series asked for. */
class Kernel implements Asker {
	readonly asked: Extract<Question, { kind: "send_range" }>[] = [];
	refuses = false;

	constructor(readonly isLive = true) {}

	ask<Q extends Question>(question: Q): Promise<Answered<Q["kind"]>> {
		if (question.kind !== "send_range") throw new Error(`unexpected ${question.kind}`);
		this.asked.push(question);
		if (this.refuses) return Promise.reject(new Error("no such run"));
		const { first_step, last_step, series } = question;
		const steps = Array.from({ length: last_step - first_step + 1 }, (_, i) => first_step + i);
		const same = (value: number) => steps.map(() => value);
		const columns = [steps, steps, steps, steps, steps, same(1), same(0)].flat();
		const block = Float64Array.from(series.flatMap(() => columns));
		const answer = {
			kind: "range_sent" as const,
			client_id: "",
			request_id: 1,
			run_id: question.run_id,
			series,
			counts: series.map(() => steps.length),
			buffer: 0,
			bytes: new DataView(block.buffer),
		};
		return Promise.resolve(answer as Answered<Q["kind"]>);
	}
}

/** A line of 100 buckets of 1,000 steps. */
function coarse(number: number): Curve {
	const series = new SeriesData("run-1", number, `tag-${number}`);
	const starts = Array.from({ length: 100 }, (_, i) => i * 1000 + 1);
	const same = (value: number) => starts.map(() => value);
	const columns = [starts, starts, same(0), same(2), same(1), same(1000), same(0)];
	series.appendBuckets(Float64Array.from(columns.flat()), 100);
	const run = { run_id: "run-1" } as RunState;
	const look = {
		name: "",
		color: 0,
		isDashed: false,
		isSetting: false,
		isStyled: false,
		part: "",
		isEarlier: false,
	};
	return { key: series.tag, run, series, ...look };
}

test("one question for all lines, with a margin, answered for each", async () => {
	const kernel = new Kernel();
	const arrived = vi.fn();
	const details = new Details(kernel, arrived);
	const lines = [coarse(0), coarse(3)];
	details.want(lines, { min: 5000, max: 5100 });
	details.want(lines, { min: 5000, max: 5200 });
	await vi.runAllTimersAsync();
	expect(kernel.asked).toHaveLength(1);
	expect(kernel.asked[0]).toMatchObject({ series: [0, 3], first_step: 4900, last_step: 5300 });
	expect(arrived).toHaveBeenCalledOnce();
	for (const { series } of lines) {
		expect(details.of(series)).toMatchObject({ first: 4900, last: 5300 });
		expect(details.of(series)?.columns.length).toBe(401);
	}
	details.want(lines, { min: 5020, max: 5180 });
	await vi.runAllTimersAsync();
	expect(kernel.asked).toHaveLength(1);
});

test("a range that slides with a live run still gets its detail", async () => {
	const kernel = new Kernel();
	const details = new Details(kernel, () => undefined);
	const lines = [coarse(0)];
	for (let frame = 0; frame < 60; frame++) {
		details.want(lines, { min: 5000 + 100 * frame, max: 5300 + 100 * frame });
		await vi.advanceTimersByTimeAsync(16);
	}
	expect(kernel.asked.length).toBeGreaterThan(2);
	expect(kernel.asked.length).toBeLessThan(8);
});

test("a refusal is not asked again for the same range, but a new snapshot is", async () => {
	const kernel = new Kernel();
	kernel.refuses = true;
	const details = new Details(kernel, () => undefined);
	const lines = [coarse(0)];
	for (let frame = 0; frame < 30; frame++) {
		details.want(lines, { min: 5000, max: 5100 });
		await vi.advanceTimersByTimeAsync(100);
	}
	expect(kernel.asked).toHaveLength(1);
	details.want([coarse(0)], { min: 5000, max: 5100 });
	await vi.runAllTimersAsync();
	expect(kernel.asked).toHaveLength(2);
});

test("nothing is asked without a kernel, for single points, or after a reset", async () => {
	const recorded = new Kernel(false);
	new Details(recorded, () => undefined).want([coarse(0)], { min: 0, max: 10 });
	const kernel = new Kernel();
	const details = new Details(kernel, () => undefined);
	const fine = coarse(0);
	const series = new SeriesData("run-1", 1, "fine");
	series.appendPoints(Float64Array.from([1, 2, 0, 0, 5, 6]), 2);
	details.want([{ ...fine, series }], { min: 1, max: 2 });
	details.want([fine], { min: 5000, max: 5100 });
	details.stop();
	await vi.runAllTimersAsync();
	expect([recorded.asked, kernel.asked]).toEqual([[], []]);
});
