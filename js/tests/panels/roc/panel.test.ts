// @vitest-environment happy-dom
// A page without layout: what is said of curves, and what a threshold changes.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mountRoc } from "../../../src/panels/roc/panel";
import type { Answer } from "../../../src/session/asker";
import { fixture } from "../../fixtures";
import { asker, EverythingInSight, runAdded, type Stage, stage, turns } from "../stage";

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
});
afterEach(() => vi.unstubAllGlobals());

const NASTY = "<b>cat</b>";

async function tell(on: Stage, run_id: string, ...steps: number[]): Promise<void> {
	const items = [
		{
			tag: "val/pr",
			item_kind: "pr_curve",
			count: steps.length,
			left_out_for_time: 0,
			left_out_for_memory: 0,
		},
	];
	const buffer = new DataView(Float64Array.from(steps).buffer);
	on.store.apply({ kind: "roc_added", run_id, items, overhead_share: 0.01, buffer: 0 }, [buffer]);
	await turns();
}

/** A stage whose kernel answers with the example of the protocol. */
async function mounted(change: object = {}): Promise<Stage> {
	const on = stage();
	on.mount((host, context) =>
		mountRoc(host, {
			...context,
			asker: asker((question) => {
				on.asked.push(question);
				if (question.kind !== "send_roc") throw new Error(question.kind);
				const { message, buffers } = fixture("roc_sent");
				const { run_id, step } = question;
				return Promise.resolve({
					...message,
					...change,
					run_id,
					step,
					bytes: buffers[0],
				} as Answer);
			}),
		}),
	);
	await on.apply(runAdded());
	return on;
}

const drawn = (on: Stage) =>
	vi.waitFor(() => expect(on.find(".nbviz-roc-view").dataset.step).toBe("40"));
const counts = (on: Stage) =>
	[...on.root.querySelectorAll(".nbviz-roc-table td")].map((cell) => cell.textContent);

test("a threshold says how many are right and wrong, by signs and not by colours alone", async () => {
	const on = await mounted();
	await tell(on, "a", 40);
	await drawn(on);
	expect(counts(on)).toEqual(["", "2 ✓", "1 ✕", "1 ✕", "2 ✓"]);
	const slider = on.find<HTMLInputElement>("input[aria-label='Threshold']");
	expect(slider.getAttribute("aria-valuetext")).toBe("0.500");
	slider.value = "0";
	slider.dispatchEvent(new Event("input"));
	expect(counts(on)).toEqual(["", "3 ✓", "0 ✕", "3 ✕", "0 ✓"]);
	expect(on.find(".nbviz-roc-values").textContent).toContain("recall 1.000");
	const plots = [...on.root.querySelectorAll("svg.nbviz-roc-plot")];
	expect(plots.map((plot) => plot.getAttribute("aria-label"))).toEqual([
		"Precision and recall: AP 0.756",
		"ROC: AUC 0.722",
		"Calibration: error 0.308",
	]);
});

test("a class is chosen by a click, and its name is text", async () => {
	const { message } = fixture("roc_sent");
	const [curve] = message.curves;
	const on = await mounted({
		curves: [
			{ ...curve, name: "dog" },
			{ ...curve, name: NASTY },
		],
	});
	await tell(on, "a", 40);
	await drawn(on);
	expect(on.root.querySelector("b")).toBeNull();
	expect(on.find(".nbviz-roc-table").textContent).toContain("is dog");
	on.find(".nbviz-roc-view .nbviz-rows").dispatchEvent(
		new KeyboardEvent("keydown", { key: "ArrowDown" }),
	);
	expect(on.find(".nbviz-roc-table").textContent).toContain(`is ${NASTY}`);
	expect(on.find(".nbviz-items-card").textContent).toContain("mean AP 0.756");
});

test("the same curve of another run lies beside it, at the same step", async () => {
	const on = await mounted();
	await on.apply(runAdded("b", "other"));
	await tell(on, "b", 40);
	await tell(on, "a", 30, 40);
	await drawn(on);
	await vi.waitFor(() => expect(on.root.querySelectorAll("[data-dashed='true']")).toHaveLength(3));
	expect(new Set(on.asked.map((one) => "run_id" in one && one.run_id))).toEqual(
		new Set(["a", "b"]),
	);
});
