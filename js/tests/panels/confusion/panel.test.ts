// @vitest-environment happy-dom
// A page without layout or canvas: what is asked, what is said, what can be chosen.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mountConfusion } from "../../../src/panels/confusion/panel";
import { chosenCellOf } from "../../../src/session/chosen-cell";
import { answering, list } from "../items";
import { EverythingInSight, runAdded, type Stage } from "../stage";

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
});
afterEach(() => vi.unstubAllGlobals());

const TAG = { tag: "val/c", item_kind: "confusion_matrix" };
const tell = (on: Stage, run_id: string, ...steps: number[]) =>
	list(on, "confusion_added", run_id, TAG, ...steps);
const mounted = (change: object = {}) =>
	answering(mountConfusion, "send_confusion", "confusion_sent", change);

const key = (on: Stage, name: string) =>
	on.find("canvas").dispatchEvent(new KeyboardEvent("keydown", { key: name }));

const cells = (on: Stage) =>
	[...on.root.querySelectorAll('[role="cell"]')].map((cell) => cell.textContent);

test("classes are listed as text, and what is left out is said", async () => {
	const on = await mounted();
	await tell(on, "a", 20, 40);
	await vi.waitFor(() => expect(on.find("canvas").dataset.step).toBe("40"));
	expect(cells(on).slice(5, 10)).toEqual(["<b>dog</b>", "10", "0.900", "0.818", "0.857"]);
	expect(on.root.querySelector("b")).toBeNull();
	expect(on.find(".nbviz-confusion-said").textContent).toContain("2 samples without a class");
	expect(on.find("canvas").getAttribute("aria-label")).toContain("accuracy 0.88, 3 classes");
});

test("a matrix is compared with the step before, and there is none before the first", async () => {
	const on = await mounted();
	await tell(on, "a", 40);
	await vi.waitFor(() => expect(on.find("canvas").dataset.step).toBe("40"));
	const compare = on.find<HTMLSelectElement>("select[aria-label='Difference to']");
	compare.value = "before";
	compare.dispatchEvent(new Event("change"));
	expect(on.find(".nbviz-confusion-said").textContent).toContain("no step before this one");
	compare.value = "first";
	compare.dispatchEvent(new Event("change"));
	await vi.waitFor(() => expect(on.find("canvas").dataset.reference).toBe("40"));
	expect(cells(on)[2]).toBe("0");
});

test("a matrix is compared with another run at the same step", async () => {
	const on = await mounted();
	await on.apply(runAdded("b", "<i>other</i>"));
	await tell(on, "a", 40);
	await tell(on, "b", 30, 40);
	await vi.waitFor(() => expect(on.find("canvas").dataset.step).toBe("40"));
	const compare = on.find<HTMLSelectElement>("select[aria-label='Difference to']");
	const other = [...compare.options].at(-1);
	expect(["a", "b"]).toContain(other?.value.replace("run ", ""));
	expect(other?.querySelector("i")).toBeNull();
	compare.value = other?.value ?? "";
	compare.dispatchEvent(new Event("change"));
	await vi.waitFor(() => expect(on.find("canvas").dataset.reference).toBe("40"));
	expect(on.asked.at(-1)).toMatchObject({ run_id: other?.value.slice(4), tag: "val/c", step: 40 });
});

test("cells that are not sent are counted", async () => {
	const on = await mounted({ omitted: 1200 });
	await tell(on, "a", 40);
	await vi.waitFor(() =>
		expect(on.find(".nbviz-confusion-said").textContent).toContain(
			"1,200 of the smallest cells are not shown",
		),
	);
});

test("a cell leads to its samples, where the run has predictions", async () => {
	const shown: string[] = [];
	const on = await answering(
		(host, context) => mountConfusion(host, { ...context, show: (panel) => shown.push(panel) }),
		"send_confusion",
		"confusion_sent",
	);
	await tell(on, "a", 40);
	await vi.waitFor(() => expect(on.find("canvas").dataset.step).toBe("40"));
	key(on, "ArrowRight");
	key(on, "ArrowRight");
	key(on, "Enter");
	expect(shown).toEqual([]);
	const predictions = { tag: "val/p", item_kind: "predictions" };
	await list(on, "predictions_added", "a", predictions, 40);
	key(on, "Enter");
	expect(shown).toEqual(["predictions"]);
	expect(chosenCellOf(on).cell).toEqual({ target: 0, predicted: 1 });
});
