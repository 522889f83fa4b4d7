// @vitest-environment happy-dom
// What is chosen for single charts: by their menu, by keys and in code.
import { beforeEach, expect, test, vi } from "vitest";
import { mountCurves } from "../../../src/panels/curves/panel";
import type { Update } from "../../../src/protocol/index.gen";
import { passingViewState, type ViewState } from "../../../src/ui/view-state";
import { EverythingInSight, runAdded, runChanged, type Stage, stage, turns } from "../stage";

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
});

const TAGS = ["loss/train", "loss/val", "accuracy/train", "lr"];

async function four(memory?: ViewState, charts: string[][] = []): Promise<Stage> {
	const on = stage(true, memory, charts);
	on.mount(mountCurves);
	const added = TAGS.map(
		(tag, series): Update => ({ kind: "series_added", run_id: "a", series, tag }),
	);
	await on.apply(runAdded(), runChanged("running"), ...added);
	for (const series of TAGS.keys()) await points(on, series, [3, 2, 1]);
	return on;
}

async function points(on: Stage, series: number, values: number[], run_id = "a"): Promise<void> {
	const steps = values.map((_, i) => i + 1);
	const block = Float64Array.from([...steps, ...steps, ...values]);
	on.store.apply(
		{ kind: "points_appended", run_id, series: [series], counts: [values.length], buffer: 0 },
		[new DataView(block.buffer)],
	);
	await turns();
}

const texts = (on: Stage, selector: string) =>
	[...on.root.querySelectorAll(selector)].map((found) => found.textContent);
const titles = (on: Stage) => texts(on, ".nbviz-chart-title");
const names = (on: Stage, chart: string) =>
	texts(on, `[data-chart="${chart}"] .nbviz-legend .nbviz-legend-name`);

function openMenu(on: Stage, chart: string): HTMLElement {
	on.find(`[data-chart="${chart}"] [aria-label="Options of ${chart}"]`).click();
	return on.find(`[data-chart="${chart}"] .nbviz-chart-menu`);
}

function press(on: Stage, chart: string, key: string, shiftKey = false): Promise<void> {
	const event = new KeyboardEvent("keydown", { key, shiftKey, bubbles: true, cancelable: true });
	on.find(`[data-chart="${chart}"] .nbviz-chart-handle`).dispatchEvent(event);
	expect(event.defaultPrevented).toBe(true);
	return turns();
}

function choose(menu: HTMLElement, text: string): Promise<void> {
	const found = [...menu.querySelectorAll("button")].find((one) => one.textContent === text);
	if (!found) throw new Error(`the menu has no ${text}`);
	found.click();
	return turns();
}

test("a chart is drawn with another by its menu, and taken apart again", async () => {
	const on = await four();
	expect(titles(on)).toEqual(["loss", "accuracy", "lr"]);
	const select = openMenu(on, "accuracy").querySelector("select");
	if (!select) throw new Error("there is no list of charts");
	expect([...select.options].map(({ value }) => value)).toEqual(["", "loss", "lr"]);
	select.value = "loss";
	select.dispatchEvent(new Event("change"));
	await turns();
	expect(titles(on)).toEqual(["loss + accuracy", "lr"]);
	expect(names(on, "loss")).toEqual(["loss/train", "loss/val", "accuracy/train"]);
	expect(on.drawn()).toEqual(TAGS);
	await choose(openMenu(on, "loss"), "Take apart");
	expect(titles(on)).toEqual(["loss", "accuracy", "lr"]);
	expect(names(on, "loss")).toEqual(["train", "val"]);
});

test("keys on a title do what a drag does, and a reload finds it again", async () => {
	const memory = passingViewState();
	const first = await four(memory);
	await press(first, "accuracy", "ArrowLeft", true);
	expect(titles(first)).toEqual(["loss + accuracy", "lr"]);
	const kept = JSON.parse(JSON.stringify(memory.read("looks")));
	const again = passingViewState();
	again.write("looks", kept);
	const second = await four(again);
	expect(titles(second)).toEqual(["loss + accuracy", "lr"]);
	await press(second, "loss", "Backspace");
	expect(titles(second)).toEqual(["loss", "accuracy", "lr"]);
});

test("a title that is dragged onto another chart is drawn in it", async () => {
	const on = await four();
	const [handle, target] = [
		on.find('[data-chart="lr"] .nbviz-chart-handle'),
		on.find('[data-chart="loss"]'),
	];
	vi.spyOn(document, "elementFromPoint").mockReturnValue(target);
	const send = (to: EventTarget, type: string, at: number) =>
		to.dispatchEvent(
			new PointerEvent(type, { clientX: at, clientY: at, button: 0, bubbles: true }),
		);
	send(handle, "pointerdown", 0);
	send(window, "pointermove", 3);
	expect(target.dataset.drop).toBeUndefined();
	send(window, "pointermove", 40);
	expect(target.dataset.drop).toBe("true");
	send(window, "pointerup", 40);
	await turns();
	expect(target.dataset.drop).toBeUndefined();
	expect(titles(on)).toEqual(["loss + lr", "accuracy"]);
	vi.restoreAllMocks();
	// Until then the click that ends a drag is taken.
	await new Promise((done) => setTimeout(done));
});

test("charts of the code come first, and take the tags that their patterns match", async () => {
	const on = await four(undefined, [["*/train"], ["lr"]]);
	expect(titles(on)).toEqual(["*/train", "lr", "loss"]);
	expect(names(on, "*/train")).toEqual(["loss/train", "accuracy/train"]);
	await press(on, "*/train", "Backspace");
	expect(titles(on)).toEqual(["lr", "loss", "accuracy"]);
});

test("scale, clipping and smoothing of one chart come before those of all", async () => {
	const memory = passingViewState();
	const on = await four(memory);
	const menu = openMenu(on, "loss");
	const slider = menu.querySelector<HTMLInputElement>(".nbviz-slider");
	const [log] = menu.querySelectorAll<HTMLInputElement>(".nbviz-chart-menu-check input");
	if (!slider || !log) throw new Error("the menu has a slider and boxes");
	slider.value = "0.9";
	slider.dispatchEvent(new Event("input"));
	log.click();
	await turns();
	const values = (chart: string) => texts(on, `[data-chart="${chart}"] .nbviz-legend-value`)[1];
	expect(values("loss")).toBe("1.93");
	expect(values("accuracy")).toBe("1");
	expect(memory.read("looks").looks).toEqual({ loss: { smoothing: 0.9, isLog: true } });
	await choose(menu, "As all charts");
	expect(values("loss")).toBe("1");
	expect(memory.read("looks").looks).toEqual({});
});

test("a pinned chart comes first and stays while others are filtered", async () => {
	const on = await four();
	await choose(openMenu(on, "lr"), "Pin first");
	expect(titles(on)).toEqual(["lr", "loss", "accuracy"]);
	expect(on.find('[data-chart="lr"] .nbviz-chart-pin').hidden).toBe(false);
	const filter = on.find<HTMLInputElement>(".nbviz-filter");
	filter.value = "accuracy";
	filter.dispatchEvent(new Event("input"));
	await turns();
	expect(titles(on)).toEqual(["lr", "accuracy"]);
	filter.value = "";
	filter.dispatchEvent(new Event("input"));
	await choose(openMenu(on, "lr"), "Unpin");
	expect(titles(on)).toEqual(["loss", "accuracy", "lr"]);
});

test("before the first start charts are frames with the names of what will come", async () => {
	const on = stage();
	on.mount(mountCurves);
	const expected: Update = {
		kind: "tags_expected",
		run_id: "a",
		tags: ["loss/train", "accuracy/train", "loss/val"],
	};
	await on.apply(runAdded(), runChanged("ready", { step: 0 }), expected);
	expect(titles(on)).toEqual(["loss", "accuracy"]);
	expect(on.find(".nbviz-curves .nbviz-empty").hidden).toBe(true);
	await on.apply(runChanged("running"), {
		kind: "series_added",
		run_id: "a",
		series: 0,
		tag: "loss/train",
	});
	await points(on, 0, [1]);
	expect(titles(on)).toEqual(["loss"]);
});

test("the run that the cell made before is no part of a comparison until it is kept", async () => {
	const on = await four();
	await on.apply(runAdded("b", "before", true), {
		kind: "series_added",
		run_id: "b",
		series: 0,
		tag: "loss/train",
	});
	await points(on, 0, [3, 2], "b");
	expect(names(on, "loss")).toEqual(["train", "val"]);
	const earlier = on.find(".nbviz-earlier");
	expect(earlier.parentElement?.hidden).toBe(false);
	const choice = async (text: string) => {
		earlier.click();
		const items = [...on.root.querySelectorAll<HTMLElement>(".nbviz-menu-item")];
		items.find((one) => one.textContent === text)?.click();
		await turns();
	};
	await choice("Keep for comparison");
	expect(on.asked.at(-1)).toMatchObject({ kind: "keep_run", run_id: "b" });
	await on.apply(runAdded("b", "before", false));
	expect(names(on, "loss")).toEqual(["baseline", "before"]);
	expect(earlier.parentElement?.hidden).toBe(true);
	await on.apply(runAdded("b", "before", true));
	await choice("Dismiss");
	expect(earlier.parentElement?.hidden).toBe(true);
	expect(names(on, "loss")).toEqual(["train", "val"]);
});
