// @vitest-environment happy-dom
import { describe, expect, test, vi } from "vitest";
import { Colours } from "../../../src/panels/graph/overlays/colours";
import { Measuring } from "../../../src/panels/graph/overlays/measuring";
import { pathColours } from "../../../src/panels/graph/overlays/path-colours";
import { colourOf, scaleOf } from "../../../src/panels/graph/overlays/scale";
import { graphState } from "../../../src/panels/graph/state";
import { GraphTree } from "../../../src/panels/graph/tree/tree";
import { PANELS } from "../../../src/panels/panels.gen";
import { Store } from "../../../src/session/store";
import { Wanted } from "../../../src/session/wanted";
import { fixture } from "../../fixtures";
import { asker, turns } from "../stage";
import { load, node } from "./levels";

function choose(colours: Colours, value: string): void {
	colours.menu.value = value;
	colours.menu.dispatchEvent(new Event("change"));
}

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

test("the overlay in sight is wanted once, and nothing while it cannot be seen", async () => {
	const store = new Store(PANELS);
	store.apply(fixture("run_added").message, []);
	const run = store.runs.get("run-1");
	const asked: string[][] = [];
	const kernel = asker((question) => {
		if (question.kind === "set_wanted") asked.push(question.keys);
		return Promise.resolve({ kind: "command_done", client_id: "", request_id: 1 });
	});
	const colours = new Colours(
		() => undefined,
		() => undefined,
	);
	colours.offer(["time"]);
	const wanted = new Wanted(kernel, store, PANELS);
	const measuring = new Measuring(wanted, colours, () => undefined);
	const follow = async (...ids: string[]) => {
		const boxes = ids.map((id) => ({ node: node(id) }));
		measuring.follow(run, { boxes: [{ node: node("x", { kind: "input" }) }, ...boxes] } as never);
		await turns();
	};
	await follow("a");
	expect(asked).toEqual([]);
	choose(colours, "time");
	await follow("a");
	await follow("a");
	await follow("a", "b");
	measuring.see(false);
	await turns();
	measuring.see(true);
	await turns();
	measuring.remove();
	await turns();
	expect(asked).toEqual([["time", "a"], ["time", "a", "b"], [], ["time", "a", "b"], []]);
	wanted.stop();
});

test("an overlay's values are kept by box", () => {
	const store = new Store(PANELS);
	store.apply(fixture("run_added").message, []);
	const { message, buffers } = fixture("overlay_updated");
	store.apply(message, buffers);
	const run = store.runs.get("run-1");
	const picture = run && graphState.of(run).overlays.get("gradient_norm");
	expect(picture?.step).toBe(7);
	expect([...(picture?.values ?? [])]).toEqual([
		["conv1", 0.5],
		["fc", Number.NaN],
	]);
});
