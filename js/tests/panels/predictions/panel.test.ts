// @vitest-environment happy-dom
// A page without layout: what is asked, what is said, which samples come first, which are followed.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mountPredictions } from "../../../src/panels/predictions/panel";
import { readCourses, readPredictions } from "../../../src/panels/predictions/samples";
import type { PredictionsSent, SamplesSent } from "../../../src/protocol/index.gen";
import type { Answer, Question } from "../../../src/session/asker";
import { inflateDoubles } from "../../../src/session/buffers";
import { chosenCellOf } from "../../../src/session/chosen-cell";
import { fixture } from "../../fixtures";
import { list } from "../items";
import { asker, EverythingInSight, runAdded, type Stage, stage } from "../stage";

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
});
afterEach(() => vi.unstubAllGlobals());

const TAG = { tag: "val/predictions", item_kind: "predictions" };
const tell = (on: Stage, ...steps: number[]) => list(on, "predictions_added", "a", TAG, ...steps);

/** A stage whose kernel answers with the examples of the protocol. */
async function mounted(refuses = "", isLive = true): Promise<Stage & { questions: Question[] }> {
	const on = stage();
	const questions: Question[] = [];
	on.mount((host, context) =>
		mountPredictions(host, {
			...context,
			asker: asker((question) => {
				questions.push(question);
				if (question.kind === refuses) return Promise.reject(new Error("not now"));
				const isStep = question.kind === "send_predictions";
				const { message, buffers } = fixture(isStep ? "predictions_sent" : "samples_sent");
				const step = isStep ? { step: question.step } : {};
				return Promise.resolve({
					...message,
					...step,
					bytes: buffers[0],
				} as unknown as Answer);
			}, isLive),
		}),
	);
	await on.apply(runAdded());
	return { ...on, questions };
}

const samples = (on: Stage) => [...on.root.querySelectorAll<HTMLElement>("[data-index]")];
const indices = (on: Stage) => samples(on).map(({ dataset }) => dataset.index);
const press = (on: Stage, text: string) =>
	[...on.root.querySelectorAll("button")].find((one) => one.textContent === text)?.click();

test("the most confident mistakes come first, with names as text", async () => {
	const on = await mounted();
	await tell(on, 20, 40);
	await vi.waitFor(() => expect(indices(on)).toEqual(["10", "30"]));
	const [worst] = samples(on);
	expect(worst?.dataset).toMatchObject({ right: "false", step: "40" });
	expect(worst?.textContent).toContain("cat 80 %");
	expect(worst?.textContent).toContain("is <b>dog</b> 15 %");
	expect(on.root.querySelector("b")).toBeNull();
	expect(worst?.getAttribute("aria-label")).toContain(
		"Sample 10; predicted cat; true class <b>dog</b>; cat 80 %, <b>dog</b> 15 %, owl 5",
	);
	expect(on.root.textContent).toContain("2 mistakes in 5 samples, 50 % right");
});

test("what is seen is asked for once, with its pictures and its course", async () => {
	const on = await mounted();
	await tell(on, 20, 40);
	const line = () => on.root.querySelector<SVGElement>(".nbviz-predictions-line");
	await vi.waitFor(() => expect(line()?.dataset.points).toBe("2"));
	const look = on.find(".nbviz-predictions-look");
	expect(look.dataset.kind).toBe("picture");
	expect(look.style.backgroundSize).toBe("152px auto"); // two pictures of 76 pixels
	const asked = () => on.questions.filter(({ kind }) => kind === "send_samples");
	expect(asked()).toEqual([
		{
			kind: "send_samples",
			run_id: "a",
			tag: "val/predictions",
			step: 40,
			indices: [10, 30],
			with_inputs: true,
		},
	]);
	await tell(on, 60); // the courses go on, the pictures are there
	await vi.waitFor(() => expect(asked()).toHaveLength(2));
	expect(asked()[1]).toMatchObject({ indices: [10, 30], with_inputs: false });
});

test("samples in whose place others come are not asked for again", async () => {
	const on = await mounted();
	await tell(on, 40);
	await vi.waitFor(() => expect(indices(on)).toHaveLength(2));
	press(on, "All");
	const asked = () =>
		on.questions.flatMap((one) => (one.kind === "send_samples" ? [one.indices] : []));
	await vi.waitFor(() => expect(asked()).toHaveLength(2));
	const { buffers } = fixture("predictions_sent");
	// As long as several answers take to be read.
	for (let i = 0; i < 5; i += 1) await inflateDoubles(buffers[0] as DataView);
	expect(asked()).toEqual([
		[10, 30],
		[0, 20], // 40 came with the first
	]);
});

test("all samples are shown, the least sure ones first, or those of one class", async () => {
	const on = await mounted();
	await tell(on, 40);
	await vi.waitFor(() => expect(indices(on)).toHaveLength(2));
	press(on, "All");
	expect(indices(on)).toEqual(["0", "10", "20", "30", "40"]);
	expect(samples(on)[0]?.textContent).toContain("right");
	expect(samples(on)[4]?.textContent).toContain("no label");
	press(on, "Least sure");
	expect(indices(on)[0]).toBe("30"); // 50 against 25 per cent
	const truth = on.find<HTMLSelectElement>("select[aria-label='True class']");
	expect([...truth.options].map(({ textContent }) => textContent)).toEqual([
		"all",
		"cat",
		"<b>dog</b>",
		"owl",
	]);
	truth.value = "1";
	truth.dispatchEvent(new Event("change"));
	expect(indices(on)).toEqual(["20", "10"]);
});

test("the samples of a confusion matrix's cell are shown, the right ones, too", async () => {
	const on = await mounted();
	const chosen = chosenCellOf(on);
	chosen.choose({ target: 1, predicted: 0 }); // before there is anything to show
	await tell(on, 40);
	await vi.waitFor(() => expect(indices(on)).toEqual(["10"]));
	const value = (name: string) => on.find<HTMLSelectElement>(`select[aria-label='${name}']`).value;
	expect([value("True class"), value("Predicted class")]).toEqual(["1", "0"]);
	expect(on.find("[aria-pressed='true']").textContent).toBe("All");
	chosen.choose({ target: 1, predicted: 1 });
	expect(indices(on)).toEqual(["20"]);
	chosen.choose({ target: 0, predicted: 2 }); // of which there is none
	expect(indices(on)).toEqual([]);
	expect([value("True class"), value("Predicted class")]).toEqual(["0", "2"]);
	expect(on.find(".nbviz-predictions-said").textContent).toContain("No such sample");
});

test("a sample that is followed stays in front, and is remembered", async () => {
	const on = await mounted();
	await tell(on, 20, 40);
	await vi.waitFor(() => expect(indices(on)).toHaveLength(2));
	press(on, "All");
	samples(on)[4]?.click();
	expect(indices(on)[0]).toBe("40");
	expect(samples(on)[0]?.getAttribute("aria-pressed")).toBe("true");
	press(on, "Mistakes");
	expect(indices(on)).toEqual(["40", "10", "30"]);
	const copied = vi.fn(() => Promise.resolve());
	vi.stubGlobal("navigator", { clipboard: { writeText: copied } });
	press(on, "Copy indices");
	expect(copied).toHaveBeenCalledWith("[40, 10, 30]");
	await vi.waitFor(() => expect(on.root.textContent).toContain("Copied"));
	press(on, "Followed");
	expect(indices(on)).toEqual(["40"]);
	samples(on)[0]?.click();
	expect(on.find(".nbviz-predictions-said").textContent).toContain("No sample is followed");
});

test("followed samples of the training data are changed from the page", async () => {
	const on = await mounted("edit_data");
	await tell(on, 40);
	await vi.waitFor(() => expect(indices(on)).toHaveLength(2));
	const editor = on.find("[aria-label='Training data']");
	expect(editor.hidden).toBe(true);
	for (const one of samples(on)) one.click();
	expect(editor.hidden).toBe(false);
	expect(editor.textContent).toContain("2 followed samples of the training data");
	const classes = on.find<HTMLSelectElement>("select[aria-label='New class']");
	expect([...classes.options].map(({ textContent }) => textContent)).toEqual([
		"cat",
		"<b>dog</b>",
		"owl",
	]);
	classes.value = "2";
	press(on, "Relabel as");
	const asked = { kind: "edit_data", run_id: "a", tag: "val/predictions", indices: [10, 30] };
	expect(on.questions.at(-1)).toEqual({ ...asked, action: "relabel", value: 2 });
	await vi.waitFor(() => expect(editor.textContent).toContain("not now")); // it was refused
	const weight = on.find<HTMLInputElement>("input[aria-label='Weight']");
	weight.value = "";
	const before = on.questions.length;
	press(on, "Weight");
	expect(editor.textContent).toContain("A weight is a number from 0 on");
	expect(on.questions).toHaveLength(before);
});

test("without a kernel, or of other data, nothing can be changed", async () => {
	const on = await mounted("", false);
	await tell(on, 40);
	await vi.waitFor(() => expect(indices(on)).toHaveLength(2));
	samples(on)[0]?.click();
	expect(on.find("[aria-label='Training data']").hidden).toBe(true);
});

test("where samples are refused the reason is said, and they are not asked for again", async () => {
	const on = await mounted("send_samples");
	await tell(on, 40);
	await vi.waitFor(() =>
		expect(on.find(".nbviz-predictions-said").textContent).toContain("not now"),
	);
	press(on, "All");
	expect(on.questions.filter(({ kind }) => kind === "send_samples")).toHaveLength(1);
});

test("a page without a kernel shows what it has, and asks no more", async () => {
	const on = await mounted("", false);
	await tell(on, 40);
	await vi.waitFor(() => expect(indices(on)).toHaveLength(2));
	press(on, "All"); // of two of these nothing was saved
	await vi.waitFor(() => {
		const looks = [...on.root.querySelectorAll<HTMLElement>(".nbviz-predictions-look")];
		expect(looks.map(({ hidden }) => hidden)).toEqual([true, false, true, false, false]);
	});
	const asked = on.questions.filter(({ kind }) => kind === "send_samples").length;
	press(on, "Mistakes");
	press(on, "All");
	expect(on.questions.filter(({ kind }) => kind === "send_samples")).toHaveLength(asked);
});

test("answers are read as the protocol says", async () => {
	const step = fixture("predictions_sent");
	const numbers = await inflateDoubles(step.buffers[0] as DataView);
	const read = readPredictions(step.message as unknown as PredictionsSent, numbers);
	expect(read.samples.map(({ index, target }) => [index, target])).toEqual([
		[10, 1],
		[30, 2],
		[20, 1],
		[40, -1],
		[0, 0],
	]);
	expect(read.samples[3]?.own).toBeNaN();
	const seen = fixture("samples_sent");
	const { picture_bytes } = seen.message as unknown as SamplesSent;
	const { buffer, byteOffset, byteLength } = seen.buffers[0] as DataView;
	const packed = new DataView(buffer, byteOffset + picture_bytes, byteLength - picture_bytes);
	const courses = readCourses(seen.message as unknown as SamplesSent, await inflateDoubles(packed));
	const course = courses.get(10);
	expect([...(course?.steps ?? [])]).toEqual([20, 40]);
	expect([...(course?.own ?? [])].map((own) => own.toFixed(2))).toEqual(["0.40", "0.15"]);
	expect(course?.predicted).toEqual([1, 0]);
});
