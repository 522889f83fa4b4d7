// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LayoutEngine, layOut } from "../../../src/panels/graph/layout/engine";
import { GraphPanel } from "../../../src/panels/graph/panel";
import { PANELS } from "../../../src/panels/panels.gen";
import type { Answer, Question } from "../../../src/session/asker";
import { createPointedStep } from "../../../src/session/shared";
import { Store } from "../../../src/session/store";
import { Wanted } from "../../../src/session/wanted";
import { passingViewState, type ViewState } from "../../../src/ui/view-state";
import { fixture } from "../../fixtures";
import { asker } from "../stage";
import { load } from "./levels";

class Resized {
	observe(): void {}
	disconnect(): void {}
}

class SeenAtOnce {
	constructor(private readonly tell: (entries: { isIntersecting: boolean }[]) => void) {}
	observe(): void {
		queueMicrotask(() => this.tell([{ isIntersecting: true }]));
	}
	disconnect(): void {}
}

let host: HTMLElement;
let panel: GraphPanel;
let asked: Question[];

async function answer(question: Question): Promise<Answer> {
	asked.push(question);
	if (question.kind === "set_wanted") return { kind: "command_done", client_id: "", request_id: 1 };
	if (question.kind !== "send_graph") throw new Error("only the graph is asked for");
	const levels = await load(question.scopes);
	return {
		kind: "graph_sent",
		client_id: "",
		request_id: 1,
		run_id: question.run_id,
		levels,
		overlays: ["gradient_norm"],
	};
}

function open(
	ask: (question: Question) => Promise<Answer> = answer,
	memory: ViewState = passingViewState(),
	hasModel = true,
): Store {
	const store = new Store(PANELS);
	const root = document.createElement("div");
	host = document.createElement("section");
	root.append(host);
	document.body.replaceChildren(root);
	const engine = new LayoutEngine();
	const kernel = asker(ask);
	const context = {
		store,
		asker: kernel,
		panels: PANELS,
		root,
		pointedStep: createPointedStep(),
		isChosen: true,
		charts: [],
		arrangement: "stack" as const,
		show: () => undefined,
		viewState: memory,
		wanted: new Wanted(kernel, store, PANELS),
		onTheme: () => () => undefined,
	};
	panel = new GraphPanel(host, context, {
		layout: (plan, direction) => Promise.resolve(layOut(engine, plan, direction)),
		close: () => undefined,
	});
	store.apply(fixture("run_added").message, []);
	if (hasModel) store.apply(fixture("graph_added").message, []);
	return store;
}

const drawn = () => host.querySelectorAll(".nbviz-graph-box");
const box = (id: string) =>
	[...drawn()].find((one) => one.getAttribute("data-node-id") === id) as SVGGElement | undefined;
const ready = () =>
	vi.waitFor(() => {
		expect(host.querySelector("[data-ready=true]")).not.toBeNull();
	});
const count = (nodes: number) =>
	vi.waitFor(() => {
		expect((host.querySelector(".nbviz-graph") as HTMLElement).dataset.nodes).toBe(String(nodes));
	});
const press = (key: string) =>
	host
		.querySelector(".nbviz-graph-frame")
		?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", SeenAtOnce);
	vi.stubGlobal("ResizeObserver", Resized);
	asked = [];
});

afterEach(() => {
	panel.remove();
	vi.unstubAllGlobals();
});

describe("the graph panel", () => {
	test("draws the whole model, opened at a glance", async () => {
		open();
		await ready();
		await count(9);
		expect(asked[0]).toEqual({ kind: "send_graph", run_id: "run-1", scopes: [""] });
		expect(box("stem")?.getAttribute("data-path")).toBe("stem");
		expect(box("stem")?.textContent).toContain("Conv2d");
		expect(box("many")?.getAttribute("aria-expanded")).toBe("false");
		expect(host.textContent).toContain("Net, 1,168 parameters");
		expect(host.textContent).toContain("Traced with real values");
	});

	test("lights the way from the operation that broke to the loss, and opens it", async () => {
		const store = open();
		await ready();
		const broken = {
			kind: "graph_broken" as const,
			run_id: "run-1",
			step: 17,
			boxes: ["block", "block.deep", "block.deep.relu"],
			is_backward: false,
			text: "In step 17 relu in block.deep was the first",
		};
		store.apply(broken, []);
		const has = (id: string, name: string) => box(id)?.classList.contains(`nbviz-graph-${name}`);
		await vi.waitFor(() => expect(has("block.deep.relu", "first")).toBe(true));
		expect(host.querySelector(".nbviz-graph-broken")?.textContent).toContain("In step 17 relu");
		expect(box("block.deep.relu")?.getAttribute("aria-selected")).toBe("true"); // gone to
		expect([has("block/add", "lit"), has("many", "lit"), has("stem", "lit")]).toEqual([
			true,
			true,
			false,
		]);
		expect(host.querySelectorAll(".nbviz-graph-line.nbviz-graph-lit").length).toBeGreaterThan(1);
		store.apply({ ...broken, is_backward: true }, []);
		await vi.waitFor(() => expect(has("stem", "lit")).toBe(true));
		expect(has("many", "lit")).toBe(false);
		store.apply({ ...broken, boxes: [], text: "" }, []);
		await vi.waitFor(() => expect(has("stem", "lit")).toBe(false));
		expect(host.querySelector<HTMLElement>(".nbviz-graph-broken")?.hidden).toBe(true);
	});

	test("opens the boxes that were open before a reload, of the same run", async () => {
		const memory = passingViewState();
		memory.write("graph", { run: "run-1", open: ["many", "block.deep", "gone", 3] });
		open(answer, memory);
		await count(10);
		expect(box("many")?.getAttribute("aria-expanded")).toBe("true");
		expect(box("block")?.getAttribute("aria-expanded")).toBe("false");
		box("block")?.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
		await count(13);
		expect(memory.read("graph")).toEqual({ run: "run-1", open: ["many", "block"] });
		panel.remove();
		memory.write("graph", { ...memory.read("graph"), run: "run-0" });
		open(answer, memory);
		await count(9);
	});

	test("shows a name as text, never as HTML", async () => {
		open();
		await ready();
		expect(box("block.deep.relu")?.textContent).toContain("<img src=x onerror=alert(1)>");
		expect(host.querySelector("img")).toBeNull();
	});

	test("opens and closes a box by a double-click", async () => {
		open();
		await ready();
		box("many")?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
		box("many")?.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
		await count(14);
		expect(box("many")?.getAttribute("aria-expanded")).toBe("true");
		press("Enter");
		await count(9);
	});

	test("goes from box to box by keys and tells of the chosen one", async () => {
		open();
		await ready();
		press("ArrowDown");
		press("ArrowDown");
		expect(box("stem")?.getAttribute("aria-selected")).toBe("true");
		const strip = host.querySelector(".nbviz-graph-details")?.textContent;
		expect(strip).toContain("stem");
		expect(strip).toContain("1 × 8 × 4 × 4");
		expect(strip).toContain("net.py:12");
		press("Escape");
		expect(box("stem")?.getAttribute("aria-selected")).toBe("false");
	});

	test("a layer is watched by a click, and leads to what is recorded of it", async () => {
		const store = open((question) =>
			question.kind === "control"
				? Promise.reject(new Error("the run has ended"))
				: answer(question),
		);
		await ready();
		press("ArrowDown");
		const button = () => host.querySelector<HTMLButtonElement>(".nbviz-graph-watch");
		expect(button()).toBeNull(); // an input, of a run that cannot watch
		press("ArrowDown");
		expect(button()).toBeNull();
		const { message } = fixture("run_added") as { message: { commands: string[] } };
		store.apply({ ...message, commands: ["watch_layer"] } as never, []);
		await vi.waitFor(() => expect(button()?.textContent).toBe("Watch"));
		button()?.click();
		await vi.waitFor(() => expect(host.textContent).toContain("the run has ended"));
		store.apply({ kind: "graph_added", run_id: "run-1", watched: ["stem"] }, []);
		await vi.waitFor(() => expect(button()?.textContent).toBe("Watched"));
		expect(button()?.getAttribute("aria-pressed")).toBe("true");
	});

	test("finds what was never opened, and opens the way to it", async () => {
		open();
		await ready();
		const input = host.querySelector<HTMLInputElement>(".nbviz-graph-search");
		if (!input) throw new Error("there is a search field");
		input.value = "many.3";
		input.dispatchEvent(new Event("input"));
		await vi.waitFor(() => {
			expect(host.querySelector(".nbviz-graph-found")?.textContent).toBe("1");
		});
		input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
		await count(14);
		await vi.waitFor(() => {
			expect(box("many.3")?.getAttribute("aria-selected")).toBe("true");
		});
		expect(box("many.3")?.classList.contains("nbviz-graph-match")).toBe(true);
	});

	test("is a table too", async () => {
		const store = open();
		await ready();
		const table = [...host.querySelectorAll("button")].find((one) => one.textContent === "Table");
		table?.click();
		await vi.waitFor(() => {
			expect(host.querySelectorAll("tbody tr")).toHaveLength(9);
		});
		expect(host.querySelector("tbody")?.textContent).toContain("1 × 8 × 4 × 4");
		expect(host.querySelector("thead")?.textContent).not.toContain("Gradient norm");
		const colours = host.querySelector<HTMLSelectElement>(".nbviz-graph-colours");
		if (!colours) throw new Error("no menu of colours");
		colours.value = "gradient_norm";
		colours.dispatchEvent(new Event("change"));
		const value = () => host.querySelector("td[data-node-id=stem]")?.textContent;
		expect(value()).toBe("");
		const measured = {
			kind: "overlay_updated" as const,
			run_id: "run-1",
			overlay: "gradient_norm" as const,
			step: 3,
			nodes: ["stem"],
			note: "",
			first: [],
			buffer: 0,
		};
		store.apply(measured, [new DataView(Float64Array.of(0.25).buffer)]);
		await vi.waitFor(() => expect(value()).toBe("0.25"));
		expect(host.querySelector("thead")?.textContent).toContain("Gradient norm");
	});

	test("says why there is no graph", async () => {
		open(() => Promise.reject(new Error("Net cannot be traced: no inputs yet.")));
		await vi.waitFor(() => {
			expect(host.textContent).toContain("Net cannot be traced: no inputs yet.");
		});
	});

	test("is hidden while no run has a graph", () => {
		open(answer, passingViewState(), false);
		return vi.waitFor(() => {
			expect((host.querySelector(".nbviz-graph") as HTMLElement).hidden).toBe(true);
		});
	});
});
