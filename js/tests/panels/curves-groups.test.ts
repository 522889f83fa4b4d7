// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { mountCurves } from "../../src/panels/curves";
import { groupOf } from "../../src/panels/curves-groups";
import type { Update } from "../../src/protocol.gen";
import { runAdded, type Stage, stage } from "./stage";

class EverythingInSight {
	constructor(private readonly see: (entries: object[]) => void) {}
	observe(target: Element): void {
		this.see([{ target, isIntersecting: true }]);
	}
	unobserve(): void {}
	disconnect(): void {}
}

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
});

async function watched(): Promise<Stage> {
	const on = stage();
	on.mount(mountCurves);
	const tags = Array.from({ length: 240 }, (_, i) => `weights/layer${i}/norm`);
	const all = ["gradients/fc/std", ...tags, "loss/train"];
	const added = (tag: string, series: number): Update => ({
		kind: "series_added",
		run_id: "a",
		series,
		tag,
	});
	await on.apply(runAdded(), ...all.map(added));
	return on;
}

const charts = (on: Stage) => on.root.querySelectorAll(".nbviz-chart").length;

test("a watched model's tags are told from those that only sound like them", () => {
	expect(groupOf("weights/conv1.weight/norm")).toBe("weights");
	expect(groupOf("encoder/gradients/fc/std")).toBe("encoder/gradients");
	expect(groupOf("loss/train")).toBe("");
	expect(groupOf("weights")).toBe("");
});

test("hundreds of watched tags stay folded, below what was logged by hand", async () => {
	const on = await watched();
	expect(charts(on)).toBe(1);
	const headings = [...on.root.querySelectorAll(".nbviz-curves-heading")];
	expect(headings.map((one) => one.textContent)).toEqual(["gradients1 chart", "weights240 charts"]);
	expect(headings.map((one) => one.getAttribute("aria-expanded"))).toEqual(["false", "false"]);
});

test("a group opens and closes", async () => {
	const on = await watched();
	const heading = on.find('[aria-label="weights"] > button');
	heading.click();
	expect(heading.getAttribute("aria-expanded")).toBe("true");
	expect(charts(on)).toBe(241);
	heading.click();
	expect(charts(on)).toBe(1);
});

test("the filter finds charts in folded groups", async () => {
	const on = await watched();
	const box = on.find<HTMLInputElement>(".nbviz-filter");
	box.value = "layer23";
	box.dispatchEvent(new Event("input"));
	expect(charts(on)).toBe(11);
	box.value = "nothing";
	box.dispatchEvent(new Event("input"));
	expect(on.find(".nbviz-curves .nbviz-empty").hidden).toBe(false);
});
