// @vitest-environment happy-dom
import { describe, expect, test, vi } from "vitest";
import type { Question } from "../../src/connection";
import { Colours } from "../../src/graph/colours";
import { colourOf, scaleOf } from "../../src/graph/overlay-scale";
import { OverlayWatch } from "../../src/graph/overlay-watch";
import { pathColours } from "../../src/graph/path-colours";
import { GraphTree } from "../../src/graph/tree";
import { Store } from "../../src/store";
import { fixture } from "../fixtures";
import { load } from "./levels";

describe("a scale", () => {
	test("is linear from 0 where values are near each other, else logarithmic", () => {
		const near = scaleOf("weight_norm", [2, 4]);
		expect([near.minimum, near.maximum, near.isLog]).toEqual([0, 4, false]);
		expect(near.share(2)).toBe(0.5);
		const wide = scaleOf("gradient_norm", [1e-6, 1, 0, Number.NaN]);
		expect([wide.minimum, wide.maximum, wide.isLog]).toEqual([1e-6, 1, true]);
		expect(wide.share(1)).toBe(1);
		expect(wide.share(1e-6)).toBeGreaterThan(wide.share(0));
	});

	test("has zero in its middle where values have a sign, and is 0 to 1 for shares", () => {
		const mean = scaleOf("activation_mean", [-1, 4]);
		expect([mean.minimum, mean.maximum]).toEqual([-4, 4]);
		expect(mean.share(-1)).toBe(-0.25);
		expect(scaleOf("dead_share", [0.1]).maximum).toBe(1);
	});

	test("gives what is not a number a colour of its own", () => {
		expect(colourOf(Number.NaN)).toContain("nan");
		expect(colourOf(-0.5)).toContain("cold) 50%");
		expect(colourOf(3)).toContain("hot) 100%");
	});
});

describe("the colours", () => {
	const choose = (colours: Colours, value: string) => {
		colours.menu.value = value;
		colours.menu.dispatchEvent(new Event("change"));
	};

	test("come with a scale, the step, and what the reader should know", () => {
		const goTo = vi.fn();
		const colours = new Colours(() => undefined, goTo);
		colours.offer(["nonfinite_share"]);
		choose(colours, "nonfinite_share");
		expect(colours.overlay).toBe("nonfinite_share");
		colours.update(undefined, undefined, "Measuring…");
		expect(colours.legend.textContent).toContain("Measuring…");
		const values = new Map([["stem", 0.25]]);
		const note = "log (net.py:3) made the first NaN";
		const picture = { overlay: "nonfinite_share", step: 7, values, note, first: ["stem"] } as const;
		colours.update(undefined, picture, "");
		expect(colours.legend.textContent).toContain("step 7");
		expect(colours.legend.textContent).toContain(note);
		expect(colours.text("stem")).toBe("25 %");
		expect(colours.colour("stem")).toContain("25%");
		expect(colours.colour("block")).toBeUndefined();
		colours.legend.querySelector("button")?.click();
		expect(goTo).toHaveBeenCalledWith(["stem"]);
	});

	test("offer only what the kernel can measure", () => {
		const colours = new Colours(
			() => undefined,
			() => undefined,
		);
		expect([...colours.menu.options].map(({ value }) => value)).toEqual(["kind", "path"]);
		colours.offer(["time"]);
		expect([...colours.menu.options].map(({ value }) => value)).toEqual(["kind", "path", "time"]);
	});

	test("of the model's parts are one for each, and for all in it", async () => {
		const tree = new GraphTree(load);
		await tree.openAtAGlance();
		const paths = pathColours(tree);
		expect(paths.parts).toEqual(["stem", "block", "many"]);
		expect(paths.of("block.conv")).toBe(paths.of("block"));
		expect(paths.of("block.conv")).not.toBe(paths.of("stem"));
		expect(paths.of("/x")).toBeUndefined();
	});
});

test("the kernel is told what is looked at, once, and when nobody looks", () => {
	const store = new Store();
	store.apply(fixture("run_added").message, []);
	const run = store.runs.get("run-1");
	const asked: Question[] = [];
	const watch = new OverlayWatch(
		{
			isLive: true,
			ask: (question) => {
				asked.push(question);
				return Promise.resolve({ kind: "command_done", client_id: "", request_id: 1 });
			},
		},
		() => undefined,
	);
	const told = () =>
		asked.map((question) =>
			question.kind === "watch_overlay" ? [question.overlay, ...question.nodes] : [],
		);
	watch.follow(run, "", ["a"]);
	expect(told()).toEqual([]);
	watch.follow(run, "time", ["a"]);
	watch.follow(run, "time", ["a"]);
	watch.follow(run, "time", ["a", "b"]);
	watch.see(false);
	watch.see(true);
	watch.remove();
	expect(told()).toEqual([["time", "a"], ["time", "a", "b"], [""], ["time", "a", "b"], [""]]);
});

test("an overlay's values are kept by box", () => {
	const store = new Store();
	store.apply(fixture("run_added").message, []);
	const { message, buffers } = fixture("overlay_updated");
	store.apply(message, buffers);
	const picture = store.runs.get("run-1")?.overlays.get("gradient_norm");
	expect(picture?.step).toBe(7);
	expect([...(picture?.values ?? [])]).toEqual([
		["conv1", 0.5],
		["fc", Number.NaN],
	]);
});
