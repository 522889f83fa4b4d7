// @vitest-environment happy-dom
// A page without layout: what is said of curves, and what a threshold changes.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mountRoc } from "../../../src/panels/roc/panel";
import { fixture } from "../../fixtures";
import { answering, list } from "../items";
import { EverythingInSight, runAdded, type Stage } from "../stage";

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
});
afterEach(() => vi.unstubAllGlobals());

const NASTY = "<b>cat</b>";

const TAG = { tag: "val/pr", item_kind: "pr_curve" };
const tell = (on: Stage, run_id: string, ...steps: number[]) =>
	list(on, "roc_added", run_id, TAG, ...steps);
const mounted = (change: object = {}) => answering(mountRoc, "send_roc", "roc_sent", change);

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
