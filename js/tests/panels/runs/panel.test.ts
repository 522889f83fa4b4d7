// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { mountCurves } from "../../../src/panels/curves/panel";
import { mountRuns } from "../../../src/panels/runs/panel";
import { passingViewState } from "../../../src/ui/view-state";
import { EverythingInSight, runAdded, runChanged, type Stage, stage, turns } from "../stage";

class SizeOnce {
	observe(): void {}
	disconnect(): void {}
}

beforeEach(() => {
	vi.stubGlobal("ResizeObserver", SizeOnce);
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
	Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, value: 300 });
});
afterEach(() => vi.unstubAllGlobals());

function fill({ store }: Stage, count: number): void {
	for (let i = 0; i < count; i++) {
		const run_id = `r${i}`;
		store.apply(runAdded(run_id, `run ${i}`), []);
		store.apply(runChanged("finished", { run_id }), []);
		store.apply({ kind: "series_added", run_id, series: 0, tag: "loss/val" }, []);
		store.apply(
			{
				kind: "run_described",
				run_id,
				known: { lr: 10 ** -(1 + (i % 3)), seed: 0 },
				config: {},
				origin: "",
			},
			[],
		);
		const six = [1 / (i + 1), 40, 1 / (i + 2), 30, 2, 1];
		const buffer = new DataView(Float64Array.from(six).buffer);
		store.apply({ kind: "values_read", run_id, tags: ["loss/val"], buffer: 0 }, [buffer]);
	}
}

const rows = (root: HTMLElement) => [
	...root.querySelectorAll<HTMLElement>(".nbviz-runs-row:not(.nbviz-runs-group)"),
];
const nameOf = (row: HTMLElement) => row.querySelector(".nbviz-runs-name")?.textContent;
const top = (row: HTMLElement) => Number(/\((\d+)px/.exec(row.style.transform)?.[1]);
const names = (root: HTMLElement) =>
	rows(root)
		.sort((a, b) => top(a) - top(b))
		.map(nameOf);
const legend = (root: HTMLElement) =>
	[...root.querySelectorAll(".nbviz-legend-name")].map((one) => one.textContent);

it("draws the rows in sight of five hundred, and asks for the curves of twenty", async () => {
	const page = stage();
	fill(page, 500);
	page.mount(mountCurves);
	page.mount(mountRuns);
	await turns();
	expect(rows(page.root).length).toBeLessThan(40);
	expect(page.find(".nbviz-runs-count").textContent).toBe("500 runs, 20 drawn");
	expect(legend(page.root)).toHaveLength(20);
	const curves = page.wanted.filter(({ panel }) => panel === "curves");
	// Of the runs that are over and not shown not even that is said.
	expect(new Set(curves.map(({ run_id }) => run_id)).size).toBe(20);
});

it("an eye hides a run's curves in all charts, and its points are wanted no more", async () => {
	const page = stage();
	fill(page, 3);
	page.mount(mountCurves);
	page.mount(mountRuns);
	await turns();
	expect(legend(page.root)).toEqual(["run 0 · val", "run 1 · val", "run 2 · val"]);
	page.find<HTMLElement>('[aria-label="Hide run 1"]').click();
	await turns();
	expect(legend(page.root)).toEqual(["run 0 · val", "run 2 · val"]);
	const last = page.wanted.filter(({ run_id }) => run_id === "r1").at(-1);
	expect(last).toMatchObject({ panel: "curves", keys: [] });
	page.find<HTMLElement>('[aria-label="Show run 1"]').click();
	await turns();
	expect(legend(page.root)).toHaveLength(3);
});

it("sorts by a click, the other way by a second, and not by a third", async () => {
	const page = stage();
	fill(page, 4);
	page.mount(mountRuns);
	const click = () => page.find<HTMLElement>('[data-sort="best:loss/val"]').click();
	click();
	expect(names(page.root)).toEqual(["run 3", "run 2", "run 1", "run 0"]);
	expect(page.find('[aria-sort="ascending"]').textContent).toContain("best loss/val");
	click();
	expect(names(page.root)).toEqual(["run 0", "run 1", "run 2", "run 3"]);
	expect(page.find('[aria-sort="descending"]')).toBeTruthy();
	click();
	expect(page.root.querySelector('[aria-sort="ascending"]')).toBeNull();
});

it("a filter leaves out rows and curves, and draws the first that pass", async () => {
	const page = stage();
	fill(page, 60);
	page.mount(mountCurves);
	page.mount(mountRuns);
	await turns();
	const filter = page.find<HTMLInputElement>(".nbviz-runs-filter");
	filter.value = "lr<0.005";
	filter.dispatchEvent(new Event("input"));
	await turns();
	expect(page.find(".nbviz-runs-count").textContent).toBe("20 of 60 runs, 20 drawn");
	expect(legend(page.root)[1]).toBe("run 5 · val");
	filter.value = "run 59";
	filter.dispatchEvent(new Event("input"));
	await turns();
	expect(legend(page.root)).toEqual(["run 59 · val"]);
	filter.value = "nothing>3";
	filter.dispatchEvent(new Event("input"));
	expect(page.find(".nbviz-runs-notice").textContent).toBe("No column is called “nothing”.");
});

it("groups are drawn as one line each", async () => {
	const page = stage();
	fill(page, 6);
	page.mount(mountCurves);
	page.mount(mountRuns);
	const group = page.find<HTMLSelectElement>('[aria-label="Group by"]');
	group.value = "parameter:lr";
	group.dispatchEvent(new Event("change"));
	await turns();
	expect(legend(page.root)).toEqual(["lr = 0.001 · val", "lr = 0.01 · val", "lr = 0.1 · val"]);
	expect(page.root.querySelectorAll(".nbviz-runs-group")).toHaveLength(3);
	// The points of all members are wanted.
	expect(new Set(page.wanted.map(({ run_id }) => run_id)).size).toBe(6);
});

it("of many runs a group is one row until it is opened", async () => {
	const viewState = passingViewState();
	const page = stage(true, viewState);
	fill(page, 24);
	page.mount(mountRuns);
	const group = page.find<HTMLSelectElement>('[aria-label="Group by"]');
	group.value = "parameter:lr";
	group.dispatchEvent(new Event("change"));
	expect(names(page.root)).toEqual([]);
	const heads = () => [...page.root.querySelectorAll<HTMLElement>(".nbviz-runs-group")];
	const folded = () => heads().map((head) => head.getAttribute("aria-expanded"));
	expect(folded()).toEqual(["false", "false", "false"]);
	heads()[2]?.click();
	expect(names(page.root)).toEqual([0, 3, 6, 9, 12, 15, 18, 21].map((i) => `run ${i}`));
	const grid = page.find('[role="grid"]');
	grid.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
	expect(folded()).toEqual(["false", "false", "false"]);
	grid.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
	expect(folded()).toEqual(["false", "false", "true"]);
	expect(viewState.read("runs").folded).toEqual({ "lr = 0.1": false });
	// All of them are hidden by one click, those that are folded away too.
	page.find<HTMLElement>('[aria-label="Show all of these"]').click();
	page.find<HTMLElement>('[aria-label="Hide all of these"]').click();
	expect(page.find(".nbviz-runs-count").textContent).toBe("24 runs, 0 drawn");
});

it("others are shown as differences to a baseline", async () => {
	const page = stage();
	fill(page, 3);
	page.mount(mountRuns);
	page.find<HTMLElement>('[aria-label="Select run 1"]').click();
	const set = [...page.root.querySelectorAll("button")].find(
		(one) => one.textContent === "Set as baseline",
	);
	set?.click();
	const texts = rows(page.root).map((row) => [...row.children].map((one) => one.textContent));
	expect(texts.map((row) => row[4])).toEqual(["+0.167", "0.3333", "−0.0833"]);
});

it("a click steers, F2 renames, and the kernel's refusal is shown", async () => {
	const page = stage();
	fill(page, 2);
	page.mount(mountRuns);
	rows(page.root)[0]?.click();
	expect(page.find(".nbviz-chosen").dataset.run).toBe("r0");
	const grid = page.find('[role="grid"]');
	grid.dispatchEvent(new KeyboardEvent("keydown", { key: "F2", bubbles: true }));
	const field = page.find<HTMLInputElement>(".nbviz-runs-field");
	field.value = " wide ";
	field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
	expect(page.asked).toEqual([{ kind: "rename_run", run_id: "r0", name: "wide" }]);
	await page.answer("no");
	expect(page.find(".nbviz-runs-notice").textContent).toBe("Not renamed: no");
});

it("another colour is a run's in all charts, and is remembered by its name", async () => {
	const viewState = passingViewState();
	const page = stage(true, viewState);
	fill(page, 2);
	const unmount = page.mount(mountRuns);
	page.find<HTMLElement>('[aria-label="Colour of run 1"]').click();
	page.find<HTMLElement>('[aria-label="Colour 5"]').click();
	const style = page.store.runs.get("r1")?.style ?? 0;
	expect([style % 8, style % 7]).toEqual([4, 1]);
	unmount();
	expect(viewState.read("runs").styles).toEqual({ "run 1": style });
});

it("a name that a run was given is given to it again when its cell has run again", async () => {
	const viewState = passingViewState();
	const page = stage(true, viewState);
	fill(page, 2);
	const unmount = page.mount(mountRuns);
	rows(page.root)[1]
		?.querySelector(".nbviz-runs-name")
		?.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
	const field = page.find<HTMLInputElement>(".nbviz-runs-field");
	field.value = "wide";
	field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
	await page.answer({ kind: "command_done", client_id: "", request_id: 0 });
	expect(viewState.read("runs").names).toEqual({ "run 1": "wide" });
	unmount();
	const later = stage(true, viewState);
	fill(later, 2);
	later.mount(mountRuns);
	expect(later.asked).toEqual([{ kind: "rename_run", run_id: "r1", name: "wide" }]);
});

it("goes back to what it was before anything was chosen", async () => {
	const viewState = passingViewState();
	const page = stage(true, viewState);
	fill(page, 3);
	page.mount(mountRuns);
	const first = page.root.innerHTML;
	page.find<HTMLElement>('[aria-label="Hide run 1"]').click();
	page.find<HTMLElement>("[data-sort=name]").click();
	page.find<HTMLElement>('[aria-label="Colour of run 2"]').click();
	page.find<HTMLElement>('[aria-label="Colour 5"]').click();
	const filter = page.find<HTMLInputElement>(".nbviz-runs-filter");
	filter.value = "run";
	filter.dispatchEvent(new Event("input"));
	expect(page.root.innerHTML).not.toBe(first);
	page.find<HTMLElement>('[title^="Forget filter"]').click();
	expect(names(page.root)).toEqual(["run 0", "run 1", "run 2"]);
	expect(filter.value).toBe("");
	expect(page.root.querySelector('[aria-label="Hide run 1"]')).not.toBeNull();
	expect(page.store.runs.get("r2")?.style).toBe(2);
	expect(viewState.read("shown-runs")).toEqual({});
});

it("no name of a run is read as HTML", async () => {
	const page = stage();
	fill(page, 1);
	page.store.apply(runAdded("x", "<img src=x onerror=alert(1)>"), []);
	page.mount(mountRuns);
	expect(page.root.querySelector("img")).toBeNull();
	expect(names(page.root)).toContain("<img src=x onerror=alert(1)>");
});
