// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import * as filesAsset from "../../../src/charts/files/asset";
import { mountCurves } from "../../../src/panels/curves/panel";
import { curvesState } from "../../../src/panels/curves/state";
import type { Update } from "../../../src/protocol/index.gen";
import type { Answer } from "../../../src/session/asker";
import { EverythingInSight, runAdded, runChanged, type Stage, stage, turns } from "../stage";

vi.hoisted(() => vi.stubGlobal("VERSION", "1.2.0"));

let files: Blob[];

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
	files = [];
	const loaded = Promise.resolve(filesAsset);
	Object.assign(globalThis, {
		[Symbol.for("nbviz.assets")]: new Map([["files 1.2.0", loaded]]),
	});
	vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
		files.push(blob as Blob);
		return "blob:file";
	});
});

const CLOSED = Array.from({ length: 150 }, (_, i) => `weights/layer${i}/norm`);

/** A chart in sight, and a folded group of 150 whose points the page does not have. */
async function watched(isLive = true): Promise<Stage> {
	const on = stage(isLive);
	on.mount(mountCurves);
	const added = (tag: string, series: number): Update => ({
		kind: "series_added",
		run_id: "a",
		series,
		tag,
	});
	await on.apply(runAdded(), runChanged("running"), ...["loss/train", ...CLOSED].map(added));
	const points = new Float64Array([1, 2, 0, 1, 0.5, 0.25]);
	const appended = { kind: "points_appended", run_id: "a", series: [0], counts: [2], buffer: 0 };
	on.store.apply(appended as Update, [new DataView(points.buffer)]);
	await turns();
	return on;
}

/** The kernel's answer to a question for ranges: two buckets of each series, its number as value. */
function ranges(on: Stage): Answer {
	const asked = on.asked.at(-1);
	if (asked?.kind !== "send_range") throw new Error(`asked was ${asked?.kind}`);
	const { series } = asked;
	const columns = series.flatMap((n) => [1, 3, 0, 1, n, n, n, n, n, n, 2, 2, 0, 0]);
	const bytes = new DataView(new Float64Array(columns).buffer);
	const counts = series.map(() => 2);
	const ids = { client_id: "", request_id: 0, run_id: "a", buffer: 0 };
	return Object.assign({ kind: "range_sent", ...ids, series, counts } as const, { bytes });
}

async function save(on: Stage, kind: string): Promise<void> {
	on.find('[title^="Save all charts"]').click();
	const items = [...on.root.querySelectorAll<HTMLElement>(".nbviz-strip .nbviz-menu-item")];
	items.find((one) => one.textContent?.startsWith(kind))?.click();
	await turns();
}

const waiting = (on: Stage) => on.find('[title="Click to save nothing"]');
const rows = async () => (await files[0]?.text())?.trim().split("\n").slice(1) ?? [];

test("a file holds the charts of closed groups: their points are asked for, and waited for", async () => {
	const on = await watched();
	expect(on.root.querySelectorAll(".nbviz-chart")).toHaveLength(1);
	await save(on, "CSV");
	expect(waiting(on).textContent).toBe("Fetching 0 of 150…");
	expect(on.find('[title^="Save all charts"]').hidden).toBe(true);
	expect(document.activeElement).toBe(waiting(on));
	expect(files).toEqual([]);
	for (const count of ["64", "128"]) {
		await on.answer(ranges(on));
		expect(waiting(on).textContent).toBe(`Fetching ${count} of 150…`);
	}
	await on.answer(ranges(on));
	expect(waiting(on).hidden).toBe(true);
	const held = await rows();
	expect(held).toHaveLength(2 + 2 * 150);
	expect(held[0]).toBe("baseline,loss/train,1,0,0.5,0.5,0.5,1,0");
	expect(held).toContain("baseline,weights/layer149/norm,3,1,150,150,150,2,0");
	// The page shows no more than before, and has the points of nothing else.
	expect(on.root.querySelectorAll(".nbviz-chart")).toHaveLength(1);
	expect(on.drawn()).toEqual(["loss/train"]);
	const run = on.store.runs.get("a");
	expect(run && curvesState.of(run).series[1]?.length).toBe(0);
});

test("a picture has a chart for each that passes the filter, open or not", async () => {
	const on = await watched();
	const filter = on.find<HTMLInputElement>(".nbviz-filter");
	filter.value = "weights|loss";
	filter.dispatchEvent(new Event("input"));
	await save(on, "SVG");
	for (let i = 0; i < 3; i += 1) await on.answer(ranges(on));
	const drawn = new DOMParser().parseFromString((await files[0]?.text()) ?? "", "text/xml");
	expect(drawn.querySelectorAll("clipPath")).toHaveLength(151);
	files = [];
	filter.value = "layer14[01]";
	filter.dispatchEvent(new Event("input"));
	await save(on, "SVG");
	// They are shown, as they are few, but their points are on their way still.
	expect(waiting(on).textContent).toBe("Fetching 0 of 2…");
	await on.answer(ranges(on));
	expect(await files[0]?.text()).toContain("layer141");
});

test("waiting can be ended, and then nothing is saved; a refusal is shown", async () => {
	const on = await watched();
	await save(on, "CSV");
	waiting(on).click();
	expect(waiting(on).hidden).toBe(true);
	await on.answer(ranges(on));
	expect(files).toEqual([]);
	await save(on, "CSV");
	await on.answer("the run is gone.");
	expect(on.find(".nbviz-curves-notice").textContent).toBe("Not saved: the run is gone.");
	expect(waiting(on).hidden).toBe(true);
	expect(files).toEqual([]);
});

test("a page without a kernel saves what it has", async () => {
	const on = await watched(false);
	await save(on, "CSV");
	expect(await rows()).toHaveLength(2);
	expect(on.asked).toEqual([]);
});
