// @vitest-environment happy-dom
// A page without layout or canvas: what can be read and pressed. Drawing is tested in a browser.
import { beforeEach, describe, expect, test, vi } from "vitest";
import { mountCurves } from "../../../src/panels/curves/panel";
import type { Update } from "../../../src/protocol/index.gen";
import { type ShownStep, shownStepOf } from "../../../src/session/shown-step";
import { passingViewState } from "../../../src/ui/view-state";
import { EverythingInSight, runAdded, type Stage, stage, turns } from "../stage";

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
});

function added(tag: string, series: number, run_id = "a"): Update {
	return { kind: "series_added", run_id, series, tag };
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

async function twoCharts(): Promise<Stage> {
	const on = stage();
	on.mount(mountCurves);
	await on.apply(runAdded(), added("lr", 0), added("loss/train", 1), added("loss/val", 2));
	await points(on, 0, [0.1, 0.1]);
	await points(on, 1, [2, 1, 0.5]);
	await points(on, 2, [1.5]);
	return on;
}

const texts = (on: Stage, selector: string) =>
	[...on.root.querySelectorAll(selector)].map((found) => found.textContent);

const shownValues = ":not([hidden]) > .nbviz-legend-value";

const pressed = (on: Stage) =>
	[...on.root.querySelectorAll(".nbviz-legend-item")].map((item) =>
		item.getAttribute("aria-pressed"),
	);

function legendItem(on: Stage, index: number): HTMLElement {
	return on.root.querySelectorAll<HTMLElement>(".nbviz-legend-item")[index] as HTMLElement;
}

class NothingKnownYet {
	observe() {}
	unobserve() {}
	disconnect() {}
}

describe("charts", () => {
	test("the third of three shows the steps, and leaves room for the names of the others", async () => {
		const on = stage();
		on.root.classList.add("nbviz-main");
		on.mount(mountCurves);
		const tags = ["loss/train", "loss/val", "accuracy/train", "lr"];
		await on.apply(runAdded(), ...tags.map((tag, series) => added(tag, series)));
		for (const series of tags.keys()) await points(on, series, [1, 2]);
		const chart = (title: string) => {
			const all = [...on.root.querySelectorAll<HTMLElement>(".nbviz-chart")];
			return all.find((one) => one.querySelector(".nbviz-chart-title")?.textContent === title);
		};
		const lone = chart("lr");
		expect(lone?.dataset).toMatchObject({ isMain: "false", isLone: "true", axis: "titled" });
		expect(lone?.dataset.named).toBe("false");
		expect(chart("loss")?.dataset.named).toBe("true");
		expect(lone?.parentElement?.dataset.named).toBe("true");
		// Beside others it is one of the small ones, whose steps are those of the main ones.
		await on.apply(added("grad norm", 4));
		await points(on, 4, [1, 2]);
		expect(lone?.dataset).toMatchObject({ isLone: "false", axis: "none" });
	});

	test("the first are drawn before it is known what is in sight", async () => {
		vi.stubGlobal("IntersectionObserver", NothingKnownYet);
		const on = await twoCharts();
		expect(on.find("[data-frames]").dataset.lastStep).toBe("3");
	});

	test("before the first point the panel says what can be done; its controls wait", async () => {
		const on = stage();
		on.mount(mountCurves);
		expect(on.find(".nbviz-empty").textContent).toBe("No points yet.");
		expect(on.find(".nbviz-strip").hidden).toBe(true);
		await on.apply(runAdded());
		expect(on.find(".nbviz-empty").textContent).toMatch(/Press Start/);
	});

	test("train and validation share one; loss is before the learning rate", async () => {
		const on = await twoCharts();
		expect(texts(on, ".nbviz-chart-title")).toEqual(["loss", "lr"]);
		expect(texts(on, ".nbviz-legend-name")).toEqual(["train", "val"]);
		expect(texts(on, shownValues)).toEqual(["0.5", "1.5", "0.1"]);
		expect(on.find(".nbviz-empty").hidden).toBe(true);
	});

	test("frames with new points are counted, and the newest step is told", async () => {
		const on = await twoCharts();
		const root = on.find(".nbviz-curves");
		const before = Number(root.dataset.frames);
		expect(root.dataset.lastStep).toBe("3");
		await points(on, 1, [0.4, 0.3, 0.2, 0.1]);
		expect(Number(root.dataset.frames)).toBe(before + 1);
		expect(root.dataset.lastStep).toBe("4");
		on.store.mark("events");
		await turns();
		expect(Number(root.dataset.frames)).toBe(before + 1);
	});

	test("NaN are counted beside the title", async () => {
		const on = await twoCharts();
		await points(on, 1, [Number.NaN, Number.NaN]);
		expect(on.find(".nbviz-chart-badge").textContent).toBe("2 NaN");
	});

	test("have the values of the step at which the time line stands", async () => {
		const on = stage();
		let shown: ShownStep | undefined;
		on.mount((host, context) => {
			shown = shownStepOf(context);
			return mountCurves(host, context);
		});
		await on.apply(runAdded(), added("loss/train", 0), added("loss/val", 1));
		await points(on, 0, [4, 2, 1]);
		await points(on, 1, [5, 3]);
		const values = () => texts(on, ".nbviz-legend-value").filter(Boolean);
		expect(values()).toEqual(["1", "3"]);
		shown?.choose(2);
		await turns();
		expect(values()).toEqual(["2", "3"]);
		shown?.choose(undefined);
		await turns();
		expect(values()).toEqual(["1", "3"]);
	});

	test("of several runs name each run once, and the kinds of lines beside the title", async () => {
		const on = await twoCharts();
		await on.apply(runAdded("b", "lower lr"), added("loss/train", 0, "b"));
		expect(texts(on, '[data-chart="loss"] .nbviz-legend-name')).toEqual(["baseline", "lower lr"]);
		expect(texts(on, '[data-chart="loss"] .nbviz-legend-parts button')).toEqual(["train", "val"]);
		// The validation's newest value is the run's; the other has none.
		await points(on, 0, [3], "b");
		expect(texts(on, '[data-chart="loss"] .nbviz-legend .nbviz-legend-value')).toEqual([
			"1.5",
			"3",
		]);
		const thick = [...on.root.querySelectorAll<HTMLElement>(".nbviz-line-weight")];
		expect(thick.map(({ dataset }) => dataset.thick)).toEqual(["false", "true"]);
		on.find(".nbviz-legend-parts button").click();
		await turns();
		expect(pressed(on).slice(0, 2)).toEqual(["false", "true"]);
		expect(pressed(on)).toContain("false");
	});

	test("are the new run's after a fresh snapshot", async () => {
		const on = await twoCharts();
		on.store.clear();
		await on.apply(runAdded(), added("accuracy/train", 0));
		await points(on, 0, [0.9]);
		expect(texts(on, ".nbviz-chart-title")).toEqual(["accuracy"]);
	});

	test("show a tag's text as text", async () => {
		const on = stage();
		on.mount(mountCurves);
		await on.apply(runAdded(), added("<img src=x onerror=alert(1)>", 0));
		await points(on, 0, [1]);
		expect(on.root.querySelector("img")).toBeNull();
	});

	test("leave nothing behind when the view goes", async () => {
		const on = stage();
		const leave = on.mount(mountCurves);
		await on.apply(runAdded(), added("loss/train", 0));
		leave();
		await points(on, 0, [1]);
		expect(on.root.childElementCount).toBe(0);
	});
});

describe("legend", () => {
	test("Shift + Enter shows the focused line alone, too", async () => {
		const on = await twoCharts();
		const press = async () => {
			const keys = { key: "Enter", shiftKey: true, bubbles: true, cancelable: true };
			const event = new KeyboardEvent("keydown", keys);
			legendItem(on, 1).dispatchEvent(event);
			await turns();
			return event.defaultPrevented;
		};
		expect(await press()).toBe(true);
		expect(pressed(on)).toEqual(["false", "true"]);
		await press();
		expect(pressed(on)).toEqual(["true", "true"]);
	});

	test("a line called like its chart stands beside the title, without its name", async () => {
		const on = await twoCharts();
		const beside = on.find('[data-chart="lr"] .nbviz-legend-beside');
		expect(beside.hidden).toBe(false);
		expect(beside.textContent).toBe("0.1");
		expect(on.find('[data-chart="lr"] .nbviz-legend').hidden).toBe(true);
		expect(on.find('[data-chart="loss"] .nbviz-legend-beside').hidden).toBe(true);
		await on.apply(runAdded("b", "lower lr"), added("lr", 0, "b"));
		expect(beside.hidden).toBe(true);
		expect(texts(on, '[data-chart="lr"] .nbviz-legend-name')).toEqual(["baseline", "lower lr"]);
	});

	test("a line that was hidden has its button, also where it is the only one", async () => {
		const memory = passingViewState();
		memory.write("curves", { hidden: ["a\nlr"] });
		const on = stage(true, memory);
		on.mount(mountCurves);
		await on.apply(runAdded(), added("lr", 0));
		expect(pressed(on)).toEqual(["false"]);
		legendItem(on, 0).click();
		await turns();
		expect(pressed(on)).toEqual([]);
		expect(on.find(".nbviz-legend-beside").hidden).toBe(false);
	});

	test("a click hides a line and shows it again", async () => {
		const on = await twoCharts();
		legendItem(on, 0).click();
		await turns();
		expect(pressed(on)).toEqual(["false", "true"]);
		legendItem(on, 0).click();
		await turns();
		expect(pressed(on)).toEqual(["true", "true"]);
	});

	test("a double click shows a line of its chart alone, the next one all", async () => {
		const on = await twoCharts();
		const double = async () => {
			legendItem(on, 1).dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
			await turns();
		};
		await double();
		expect(pressed(on)).toEqual(["false", "true"]);
		await double();
		expect(pressed(on)).toEqual(["true", "true"]);
	});
});

describe("reading without a pointer", () => {
	test("a chart is summed up for screen readers", async () => {
		const on = await twoCharts();
		const label = on.find('[data-chart="loss"] [role="img"]').getAttribute("aria-label");
		expect(label).toMatch(/^Chart loss\. train: /);
	});

	test("the table has the values, newest first", async () => {
		const on = await twoCharts();
		on.find('[data-chart="loss"] [title="Show as table"]').click();
		await turns();
		expect(texts(on, '[data-chart="loss"] thead th')).toEqual(["Step", "train", "val"]);
		expect(texts(on, '[data-chart="loss"] tbody tr:first-child > *')).toEqual(["3", "0.5", "–"]);
		expect(texts(on, '[data-chart="loss"] tbody th')).toEqual(["3", "2", "1"]);
	});

	test("arrows walk the shared cursor from entry to entry, and Escape lets go", async () => {
		const on = await twoCharts();
		const box = on.find('[data-chart="loss"] [role="img"]');
		const press = (key: string) => {
			const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
			box.dispatchEvent(event);
			return event.defaultPrevented;
		};
		expect(press("ArrowLeft")).toBe(true);
		expect(texts(on, shownValues)[2]).toBe("0.1");
		expect(press("Escape")).toBe(true);
		expect(press("a")).toBe(false);
	});
});

describe("strip", () => {
	test("the filter looks for text, and says when nothing has it", async () => {
		const on = await twoCharts();
		const many = ["a", "b.*", "c", "d", "e", "f", "g"].map((tag, i) => added(tag, i + 3));
		await on.apply(...many);
		const filter = on.find<HTMLInputElement>(".nbviz-filter");
		expect(filter.hidden).toBe(false);
		const type = async (text: string) => {
			filter.value = text;
			filter.dispatchEvent(new Event("input"));
			await turns();
		};
		await type("B.*");
		expect(texts(on, ".nbviz-chart-title")).toEqual(["b.*"]);
		await type("LOSS/VAL");
		expect(texts(on, ".nbviz-chart-title")).toEqual(["loss"]);
		await type("(");
		expect(on.find(".nbviz-empty").textContent).toBe("No tag matches “(”.");
	});

	test("smoothing changes the values that the legend tells, but not a learning rate", async () => {
		const on = await twoCharts();
		await points(on, 0, [0.1, 0.01]);
		const slider = on.find<HTMLInputElement>(".nbviz-smoothing input");
		slider.value = "0.9";
		slider.dispatchEvent(new Event("input"));
		await turns();
		expect(texts(on, shownValues)).toEqual(["1.114", "1.5", "0.01"]);
		expect(on.find(".nbviz-strip-value").textContent).toBe("0.90");
	});

	test("epochs can be chosen once there are some", async () => {
		const on = await twoCharts();
		const option = on.find<HTMLOptionElement>('option[value="epoch"]');
		expect(option.disabled).toBe(true);
		await on.apply({ kind: "epochs_started", run_id: "a", first_epoch: 1, steps: [0] });
		expect(option.disabled).toBe(false);
	});

	test("the menu opens, moves by arrows, and closes with Escape", async () => {
		const on = await twoCharts();
		const button = on.find('[title^="Save all charts"]');
		button.click();
		expect(button.getAttribute("aria-expanded")).toBe("true");
		const first = document.activeElement;
		expect(first?.textContent).toBe("PNG picture");
		first?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
		expect(document.activeElement?.textContent).toBe("SVG drawing");
		document.activeElement?.dispatchEvent(
			new KeyboardEvent("keydown", { key: "Escape", bubbles: true }),
		);
		expect(button.getAttribute("aria-expanded")).toBe("false");
		expect(document.activeElement).toBe(button);
	});
});

test("a watch's counts of NaN and infinities are one line until there is one", async () => {
	const on = stage();
	on.mount(mountCurves);
	const tags = ["norm", "nan", "inf"].map((name) => `weights/fc.weight/${name}`);
	await on.apply(runAdded(), ...tags.map((tag, i) => added(tag, i)));
	on.find(".nbviz-curves-heading").click();
	await turns();
	await points(on, 0, [1, 2]);
	await points(on, 1, [0, 0]);
	await points(on, 2, [0, 0]);
	const shown = () =>
		[...on.root.querySelectorAll<HTMLElement>(".nbviz-chart")]
			.filter((chart) => !chart.hidden)
			.map((chart) => chart.dataset.chart);
	const said = () =>
		[...on.root.querySelectorAll<HTMLElement>(".nbviz-curves-zeros")]
			.filter((one) => !one.hidden)
			.map((one) => one.textContent);
	expect(shown()).toEqual([tags[0]]);
	expect(said()).toEqual(["No NaN and no infinities: 2 counts are all 0."]);
	const block = Float64Array.from([3, 3, 5]);
	on.store.apply({ kind: "points_appended", run_id: "a", series: [1], counts: [1], buffer: 0 }, [
		new DataView(block.buffer),
	]);
	await turns();
	expect(shown()).toEqual([tags[0], tags[1]]);
	expect(said()).toEqual(["No NaN and no infinities: one count is 0."]);
});
