// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { Reading } from "../../../src/charts/readout";
import { CurvesTooltip } from "../../../src/panels/curves/chart/tooltip";

const reading = (name: string): Reading => ({
	key: name,
	name,
	color: "#000",
	isDashed: false,
	x: 270,
	step: 270,
	wallTime: 12,
	value: 1,
	smoothed: undefined,
	min: 1,
	max: 1,
	count: 1,
	nan: 0,
	extreme: undefined,
});

test("of many lines the first eight are written, and how many there are more", () => {
	const tip = new CurvesTooltip();
	const readings = Array.from({ length: 11 }, (_, i) => reading(`line ${i}`));
	tip.show(readings, 270, "", ["paused"], 100, 400);
	const texts = (selector: string) =>
		[...tip.root.querySelectorAll(selector)].map((found) => found.textContent);
	expect(texts(".nbviz-tip-name")).toEqual(readings.slice(0, 8).map(({ name }) => name));
	expect(texts(".nbviz-tip-more")).toEqual(["+ 3 more"]);
	expect(texts(".nbviz-tip-event")).toEqual(["paused"]);
	expect(tip.root.textContent?.match(/270/g)).toHaveLength(1);
});

test("on an axis of epochs the epoch comes first, with the step beside it", () => {
	const tip = new CurvesTooltip();
	tip.show([reading("train")], 270, "Epoch 1.50", [], 100, 400);
	expect(tip.root.querySelector(".nbviz-tip-head")?.textContent).toBe("Epoch 1.50step 270");
});

test("what pixels hold is written of all lines if they are few, else of the nearest", () => {
	const tip = new CurvesTooltip();
	const wide = (name: string): Reading => ({ ...reading(name), min: 0, max: 2, count: 14 });
	for (const [count, notes] of [
		[4, 4],
		[5, 2],
		[11, 2],
	]) {
		const readings = Array.from({ length: count ?? 0 }, (_, i) => wide(`line ${i}`));
		tip.show(readings, 270, "", [], 100, 400);
		const found = [...tip.root.querySelectorAll(".nbviz-tip-note")];
		expect(found.map(({ textContent }) => textContent)).toEqual(
			Array.from({ length: notes ?? 0 }, () => "0 – 2 over 14 points"),
		);
	}
});
