// @vitest-environment happy-dom
// A page without layout or canvas: what is asked, what is said, what can be pressed.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mountProjector } from "../../../src/panels/projector/panel";
import type { EmbeddingSent, Update } from "../../../src/protocol/index.gen";
import type { Answer, Question } from "../../../src/session/asker";
import { shownStepOf } from "../../../src/session/shown-step";
import { asker, EverythingInSight, runAdded, type Stage, stage, turns } from "../stage";

const NASTY = "<img src=x onerror=alert(1)>";

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
});
afterEach(() => vi.unstubAllGlobals());

function listed(...steps: number[]): [Update, DataView] {
	const update: Update = {
		kind: "embeddings_added",
		run_id: "a",
		items: [
			{
				tag: "features",
				item_kind: "embedding",
				count: steps.length,
				left_out_for_time: 0,
				left_out_for_memory: 0,
			},
		],
		overhead_share: 0.01,
		buffer: 0,
	};
	return [update, new DataView(Float64Array.from(steps).buffer)];
}

function answer(question: Question, more: Partial<EmbeddingSent>): Answer {
	const of = { client_id: "", request_id: 0, run_id: "a", tag: "features", buffer: 0 };
	const bytes = (data: ArrayBufferView) => ({ bytes: new DataView(data.buffer as ArrayBuffer) });
	const step = "step" in question ? question.step : 0;
	switch (question.kind) {
		case "send_embedding": {
			const found: EmbeddingSent = {
				...{ ...of, kind: "embedding_sent", step, points: 3, points_logged: 3 },
				...{
					points_without_place: 0,
					dims_logged: 16,
					kept_dims: 16,
					variance: [0.5, 0.25, 0.125],
				},
				columns: [{ name: "animal", column_kind: "category", names: ["cat", NASTY], content: "c" }],
				...{ images: "", image_height: 0, image_width: 0, image_channels: 0 },
				...more,
			};
			return { ...found, ...bytes(new Uint32Array(0)) } as Answer;
		}
		case "send_positions": {
			const { method, dims, start } = question;
			const values = new Uint16Array(3 * dims).fill(9);
			const found = { ...of, kind: "positions_sent", step, method, dims, start, count: 3 };
			return { ...found, middle: [], span: 1, ...bytes(values) } as unknown as Answer;
		}
		case "send_column": {
			const found = { ...of, kind: "column_sent", step, column: 0, start: 0, count: 3 };
			return { ...found, ...bytes(Uint16Array.of(0, 1, 0)) } as unknown as Answer;
		}
		default:
			return { kind: "command_done", client_id: "", request_id: 0 };
	}
}

async function mounted(isLive = true, more: Partial<EmbeddingSent> = {}): Promise<Stage> {
	const on = stage(isLive);
	on.mount((host, context) => {
		const kernel = asker((question) => {
			on.asked.push(question);
			return Promise.resolve(answer(question, more));
		}, isLive);
		return mountProjector(host, { ...context, asker: kernel });
	});
	await on.apply(runAdded());
	const [update, block] = listed(10, 20);
	on.store.apply(update, [block]);
	await settled();
	return on;
}

async function settled(): Promise<void> {
	for (let i = 0; i < 12; i += 1) await turns();
}

const panel = (on: Stage) => on.find<HTMLElement>(".nbviz-projector");
const press = (on: Stage, text: string) =>
	[...on.root.querySelectorAll("button")].find((one) => one.textContent === text)?.click();
const asked = (on: Stage, kind: Question["kind"]) => on.asked.filter((one) => one.kind === kind);

test("the newest step is shown, coloured by its labels, which are texts", async () => {
	const on = await mounted();
	expect(panel(on).dataset.step).toBe("20");
	expect(on.find(".nbviz-projector-line").textContent).toBe(
		"Step 20 · 3 points of 16 dimensions · PCA, 50 % + 25 % + 13 % of the variance",
	);
	const rows = [...on.root.querySelectorAll(".nbviz-projector-category")];
	expect(rows.map((row) => row.textContent)).toEqual(["cat2", `${NASTY}1`]);
	expect(on.root.querySelector("img")).toBeNull();
	expect(on.find("canvas").getAttribute("aria-label")).toContain("3 points of 16 dimensions");
});

test("another step and other dimensions are asked for once each", async () => {
	const on = await mounted();
	const step = shownStepOf({ root: on.root } as never);
	step.choose(10);
	await settled();
	expect(panel(on).dataset.step).toBe("10");
	step.choose(undefined);
	await settled();
	expect(panel(on).dataset.step).toBe("20");
	press(on, "2D");
	await settled();
	const places = asked(on, "send_positions").map((one) => "dims" in one && [one.step, one.dims]);
	expect(places).toEqual([
		[20, 3],
		[10, 3],
		[20, 2],
	]);
	expect(asked(on, "send_column")).toHaveLength(1);
});

test("a snapshot that comes while positions do leaves nothing half drawn", async () => {
	const on = stage(true);
	const held: (() => void)[] = [];
	on.mount((host, context) => {
		const kernel = asker(async (question) => {
			on.asked.push(question);
			if (question.kind === "send_positions" && question.dims === 2)
				await new Promise<void>((resolve) => held.push(resolve));
			return answer(question, {});
		}, true);
		return mountProjector(host, { ...context, asker: kernel });
	});
	const snapshot = async () => {
		await on.apply(runAdded());
		const [update, block] = listed(10, 20);
		on.store.apply(update, [block]);
		await settled();
	};
	await snapshot();
	press(on, "2D");
	await settled();
	expect(held).toHaveLength(1);
	on.store.clear();
	await settled();
	await snapshot();
	for (const goOn of held) goOn();
	await settled();
	for (const goOn of held) goOn();
	await settled();
	expect(on.find(".nbviz-projector-line").textContent).toBe(
		"Step 20 · 3 points of 16 dimensions · PCA, 50 % + 25 % of the variance",
	);
	expect(on.root.querySelectorAll(".nbviz-projector-category")).toHaveLength(2);
});

test("what the search found is selected, and Python is told", async () => {
	const on = await mounted();
	const search = on.find<HTMLInputElement>("input[type=search]");
	search.value = "CAT";
	search.dispatchEvent(new Event("input"));
	await settled();
	press(on, "Select 2");
	await settled();
	expect(on.find(".nbviz-projector-selection").textContent).toContain("2 selected");
	expect(on.find("code").textContent).toBe('run.projector_selection("features")');
	expect(asked(on, "select_points")).toEqual([
		{ kind: "select_points", run_id: "a", tag: "features", selected: btoa("\x05") },
	]);
	press(on, "Clear");
	await settled();
	expect(on.find<HTMLElement>(".nbviz-projector-selection").hidden).toBe(true);
	expect(asked(on, "select_points")).toHaveLength(2);
});

test("a layout is started, followed, cancelled, and shown once it has positions", async () => {
	const on = await mounted();
	press(on, "2D");
	press(on, "t-SNE");
	await settled();
	const work = () => on.find<HTMLElement>(".nbviz-projector-work");
	expect(work().textContent).toContain("No t-SNE of step 20 yet: PCA is shown.");
	expect(panel(on).dataset.method).toBe("pca");
	press(on, "Start t-SNE");
	const of = { run_id: "a", tag: "features", step: 20, method: "tsne", dims: 2 } as const;
	expect(asked(on, "start_layout")).toEqual([{ kind: "start_layout", ...of }]);
	const changed = { kind: "layout_changed", ...of, text: "250 of 1,000 iterations" } as const;
	await on.apply({ ...changed, state: "running", share: 0.25, revision: 0 });
	await settled();
	expect(work().textContent).toContain("250 of 1,000 iterations");
	expect(on.find<HTMLProgressElement>("progress").getAttribute("value")).toBe("0.25");
	press(on, "Cancel");
	expect(asked(on, "cancel_layout")).toHaveLength(1);
	await on.apply({ ...changed, state: "done", share: 1, revision: 3, text: "" });
	await settled();
	expect(panel(on).dataset.method).toBe("tsne");
	expect(on.asked.at(-1)).toMatchObject({ kind: "send_positions", method: "tsne", dims: 2 });
	await on.apply({ ...changed, state: "failed", share: 1, revision: 0, text: NASTY });
	await settled();
	expect(work().textContent).toContain(`t-SNE failed: ${NASTY}`);
});

test("a page without a kernel says that it shows a sample, and starts nothing", async () => {
	const on = await mounted(false, { points_logged: 8000 });
	expect(on.find(".nbviz-projector-line").textContent).toContain("a sample of 3 of 8,000 points");
	press(on, "UMAP");
	await settled();
	expect(on.root.textContent).not.toContain("Start UMAP");
});
