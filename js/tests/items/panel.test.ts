// @vitest-environment happy-dom
// A page without layout or canvas: what is asked, what is said, what can be pressed.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
	type ItemContent,
	type ItemHolder,
	ItemLoader,
	type ItemRequest,
	sizeOf,
} from "../../src/items/loader";
import { mountText } from "../../src/panels/text/panel";
import type { Update } from "../../src/protocol/index.gen";
import { timeline } from "../../src/timeline/timeline";
import { passingViewState, type ViewState } from "../../src/ui/view-state";
import { fixture } from "../fixtures";
import { asker, runAdded, type Stage, stage, turns } from "../panels/stage";

class EverythingInSight {
	constructor(private readonly see: (entries: object[]) => void) {}
	observe(target: Element): void {
		queueMicrotask(() => this.see([{ target, isIntersecting: true }]));
	}
	unobserve(): void {}
	disconnect(): void {}
}

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
});
afterEach(() => vi.unstubAllGlobals());

const NASTY = "<img src=x onerror=alert(1)>";

async function tell(on: Stage, tags: string[], ...steps: number[]): Promise<void> {
	const update: Update = {
		kind: "text_added",
		run_id: "a",
		items: tags.map((tag) => ({
			tag,
			item_kind: "text",
			count: steps.length,
			left_out_for_time: 0,
			left_out_for_memory: 0,
		})),
		overhead_share: 0.01,
		buffer: 0,
	};
	const block = Float64Array.from(tags.flatMap(() => steps));
	on.store.apply(update, [new DataView(block.buffer)]);
	await turns();
}

/** A stage with a time line, whose kernel answers with texts that say what was asked. */
async function withTexts(memory: ViewState = passingViewState()): Promise<Stage> {
	const on = stage(true, memory);
	on.mount((host, context) => {
		const footer = document.createElement("section");
		host.append(footer);
		timeline(footer, context);
		return mountText(host, {
			...context,
			asker: asker((question) => {
				on.asked.push(question);
				if (question.kind !== "send_text") throw new Error(question.kind);
				return Promise.resolve({
					kind: "text_sent",
					client_id: "",
					request_id: 0,
					run_id: "a",
					tag: question.tag,
					step: question.step,
					text: `${NASTY} at ${question.step}`,
					markdown: true,
					omitted: 0,
				});
			}),
		});
	});
	await on.apply(runAdded());
	return on;
}

const tags = (on: Stage) =>
	[...on.root.querySelectorAll(".nbviz-items-card")].map((card) => card.getAttribute("data-tag"));

test("a text is shown as text, with its step", async () => {
	const on = await withTexts();
	await tell(on, [`${NASTY}/a`], 3, 7);
	await turns();
	expect(on.find(".nbviz-text-body").textContent).toBe(`${NASTY} at 7`);
	expect(on.root.querySelector("img")).toBeNull();
	expect(on.find(".nbviz-items-card").dataset.step).toBe("7");
});

test("the slider shows the item at or before its step, and the newest again", async () => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
	const on = await withTexts();
	await tell(on, ["notes"], 10, 20, 30);
	await turns();
	const slider = on.find<HTMLInputElement>('input[type="range"]');
	expect([slider.max, slider.value]).toEqual(["1000", "1000"]);
	slider.value = "0";
	slider.dispatchEvent(new Event("input"));
	await tell(on, ["later"], 30);
	await vi.advanceTimersByTimeAsync(1000);
	expect(on.find("[data-tag=later] .nbviz-empty").textContent).toBe("Not yet at this step");
	expect(on.find(".nbviz-text-body").textContent).toBe(`${NASTY} at 10`);
	await tell(on, ["notes"], 40);
	await vi.advanceTimersByTimeAsync(1000);
	expect(on.find(".nbviz-text-body").textContent).toBe(`${NASTY} at 10`);
	expect(on.find(".nbviz-timeline-step").textContent).toBe("step 10 of 40");
	on.find(".nbviz-timeline > [aria-pressed]").click();
	await vi.advanceTimersByTimeAsync(1000);
	expect(on.find(".nbviz-text-body").textContent).toBe(`${NASTY} at 40`);
	// What is followed is where the run is.
	await on.apply({ ...fixture("run_changed").message, run_id: "a", step: 55 });
	expect(on.find(".nbviz-timeline-step").textContent).toBe("step 55");
	vi.useRealTimers();
});

test("a reload finds the step that was shown of this run, and follows the newest of another", async () => {
	const memory = passingViewState();
	const before = await withTexts(memory);
	await tell(before, ["notes"], 10, 20, 30);
	const slider = before.find<HTMLInputElement>('input[type="range"]');
	slider.value = "480"; // the nearest is the second
	slider.dispatchEvent(new Event("input"));
	const after = await withTexts(memory);
	await tell(after, ["notes"], 10, 20, 30, 40);
	expect(after.find(".nbviz-timeline-step").textContent).toBe("step 20 of 40");
	after.find(".nbviz-timeline > [aria-pressed]").click();
	const newest = await withTexts(memory);
	await tell(newest, ["notes"], 10, 20);
	expect(newest.find(".nbviz-timeline-step").textContent).toBe("step 20");
	memory.write("step", { run: "another", step: 10 });
	const other = await withTexts(memory);
	await tell(other, ["notes"], 10, 20);
	expect(other.find(".nbviz-timeline-step").textContent).toBe("step 20");
});

test("tags are grouped by prefix; of a large group the first are shown until all are wanted", async () => {
	const on = await withTexts();
	const many = Array.from({ length: 20 }, (_, i) => `weights/${i}`);
	await tell(on, ["samples/a", ...many], 1);
	expect(tags(on)).toHaveLength(9);
	const more = [...on.root.querySelectorAll("button")].find(
		(button) => button.textContent === "Show all 20",
	);
	more?.click();
	expect(tags(on)).toHaveLength(21);
});

test("the filter appears with many tags, and finds plain text", async () => {
	const on = await withTexts();
	await tell(on, ["a"], 1);
	const filter = on.find<HTMLInputElement>(".nbviz-filter");
	expect(filter.hidden).toBe(true);
	await tell(
		on,
		Array.from({ length: 13 }, (_, i) => `samples/${i}`),
		1,
	);
	expect(filter.hidden).toBe(false);
	filter.value = "samples/12";
	filter.dispatchEvent(new Event("input"));
	expect(tags(on)).toEqual(["samples/12"]);
});

test("a refusal is shown in the card", async () => {
	const on = stage();
	on.mount(mountText);
	await on.apply(runAdded());
	await tell(on, ["photo"], 1);
	await on.answer("Pillow is missing");
	expect(on.find(".nbviz-items-frame .nbviz-empty").textContent).toBe("Pillow is missing");
});

class One implements ItemHolder<ItemContent> {
	wanted: ItemRequest | undefined;
	readonly took: ItemContent[] = [];
	constructor(tag: string, step: number, more: Partial<ItemRequest> = {}) {
		this.wanted = { run_id: "a", tag, step, revision: 0, after: undefined, pixels: 100, ...more };
	}
	needed(): ItemRequest | undefined {
		return this.wanted;
	}
	take(contents: readonly ItemContent[]): void {
		this.took.push(...contents);
		this.wanted = undefined;
	}
	fail(): void {}
}

/** A loader whose clock stands, and that is answered when `answer` is called. */
function loading() {
	const open: (() => void)[] = [];
	const asked: ItemRequest[] = [];
	const at = { now: 0 };
	const loader = new ItemLoader<ItemContent>(
		(request) => {
			asked.push(request);
			return new Promise((resolve) => open.push(() => resolve({ kind: "text_sent" })));
		},
		() => at.now,
	);
	const answer = async () => {
		open.shift()?.();
		await turns();
	};
	/** Steps of one card that are asked for when milliseconds have passed. */
	const after = (milliseconds: number) => {
		at.now += milliseconds;
		loader.look();
		return asked.map(({ step }) => step);
	};
	return { loader, asked, answer, after };
}

test("few are asked for at once, and what is known is not asked for again", async () => {
	const { loader, asked, answer, after } = loading();
	const all = Array.from({ length: 8 }, (_, i) => new One(`tag${i}`, 1));
	loader.follow(all);
	expect(asked).toHaveLength(3);
	for (let i = 0; i < 8; i += 1) await answer();
	expect(asked).toHaveLength(8);
	const [first] = all;
	if (!first) throw new Error("there are eight");
	first.wanted = asked[0];
	after(10_000);
	expect([asked.length, first.took.length]).toEqual([8, 2]);
	loader.stop();
});

test("a card rests as long as its answer took, and passes over what came meanwhile", async () => {
	const { loader, answer, after } = loading();
	const card = new One("a", 1);
	const request = card.wanted as ItemRequest;
	const need = (step: number) => {
		card.wanted = { ...request, step };
	};
	loader.follow([card]);
	need(2);
	expect(after(400)).toEqual([1]); // the first is on its way
	await answer();
	need(3);
	expect(after(390)).toEqual([1]);
	need(4);
	expect(after(20)).toEqual([1, 4]);
	await answer(); // at once
	need(5);
	expect(after(110)).toEqual([1, 4]);
	expect(after(20)).toEqual([1, 4, 5]);
	loader.stop();
});

test("many cards ask more rarely", async () => {
	const { loader, asked, answer, after } = loading();
	const all = Array.from({ length: 10 }, (_, i) => new One(`tag${i}`, 1));
	loader.follow(all);
	for (let i = 0; i < 10; i += 1) await answer();
	for (const one of all) one.wanted = { ...(asked[0] as ItemRequest), tag: "b", step: 2 };
	after(390);
	expect(asked).toHaveLength(10);
	after(20);
	expect(asked).toHaveLength(13);
	loader.stop();
});

test("what comes unasked is taken at once, and asked for only where it stays away", async () => {
	const { loader, after } = loading();
	const card = new One("a", 1, { comesUnasked: true, sent: [{ kind: "tensor_sent" }] });
	const request = card.wanted as ItemRequest;
	loader.follow([card]);
	card.wanted = { ...request, step: 2, sent: [{ kind: "image_sent" }] };
	expect(after(10)).toEqual([]);
	expect(card.took.map(({ kind }) => kind)).toEqual(["tensor_sent", "image_sent"]);
	card.wanted = { ...request, step: 3, sent: undefined };
	expect(after(390)).toEqual([]);
	expect(after(20)).toEqual([3]);
	card.wanted = { ...request, step: 1, sent: undefined };
	after(0); // scrubbed back to what came unasked
	expect(card.took.map(({ kind }) => kind)).toEqual(["tensor_sent", "image_sent"]);
	loader.stop();
});

test("what is kept is measured without a look at each number", () => {
	const numbers = new Float64Array(1 << 20);
	const counts = { numbers, name: "ab", step: 1 };
	const looks = vi.spyOn(Object, "values");
	expect(sizeOf({ kind: "roc", counts })).toBe(8 * (1 << 20) + 40 + 40 + 6 + 4 + 8);
	expect(looks.mock.calls.every(([of]) => !ArrayBuffer.isView(of))).toBe(true);
	looks.mockRestore();
	expect(sizeOf({ bytes: new DataView(new ArrayBuffer(9), 1) })).toBe(48);
	expect(sizeOf([1, null, undefined, ["a"], true])).toBe(40 + 4 * 8 + 42);
});

test("what was left out is counted on the card, with what keeps more", async () => {
	const on = await withTexts();
	const update: Update = {
		kind: "text_added",
		run_id: "a",
		items: [
			{ tag: "a", item_kind: "text", count: 2, left_out_for_time: 574, left_out_for_memory: 0 },
			{ tag: "b", item_kind: "text", count: 2, left_out_for_time: 0, left_out_for_memory: 19_000 },
			{ tag: "c", item_kind: "text", count: 2, left_out_for_time: 0, left_out_for_memory: 0 },
		],
		overhead_share: 0.01,
		buffer: 0,
	};
	on.store.apply(update, [new DataView(Float64Array.from([1, 2, 1, 2, 1, 2]).buffer)]);
	await turns();
	const said = [...on.root.querySelectorAll<HTMLElement>(".nbviz-items-left-out")].map((one) =>
		one.hidden ? "" : one.textContent,
	);
	expect(said).toEqual([
		"574 of 576 left out to keep within 1 % of the time",
		"19,000 of 19,002 left out to keep within the memory for media",
		"",
	]);
});
