// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import { mountLog } from "../../../src/panels/log/panel";
import type { Line, LineLevel, Update } from "../../../src/protocol/index.gen";
import { passingViewState } from "../../../src/ui/view-state";
import { runAdded, runChanged, stage } from "../stage";

afterEach(() => vi.unstubAllGlobals());

function lines(...texts: (string | [LineLevel, string])[]): Update {
	const made: Line[] = texts.map((one, i) => {
		const [level, text] = typeof one === "string" ? (["print", one] as const) : one;
		return { level, step: i + 1, wall_time: i, text };
	});
	return { kind: "lines_appended", run_id: "a", lines: made, dropped: 0 };
}

const texts = (root: HTMLElement) =>
	[...root.querySelectorAll(".nbviz-log-text")].map((row) => row.textContent);

it("shows lines as text, whatever they hold", async () => {
	const { mount, apply, root } = stage();
	mount(mountLog);
	const code = String.fromCharCode(27);
	await apply(
		runAdded(),
		lines("<script>alert(1)</script>", `${code}[31mred${code}[0m`, "1%\r99%"),
	);
	expect(texts(root)).toEqual(["<script>alert(1)</script>", "red", "99%"]);
	expect(root.querySelector("script")).toBeNull();
});

it("puts events among the lines by time, once", async () => {
	const { mount, apply, root } = stage();
	mount(mountLog);
	await apply(runAdded(), lines("first", "second"), {
		kind: "events_recorded",
		run_id: "a",
		events: [
			{ event: "command", step: 1, wall_time: 0.5, text: "lr 0.1 → 0.01" },
			{ event: "command", step: 2, wall_time: 1, text: "second" },
		],
	});
	expect(texts(root)).toEqual(["first", "lr 0.1 → 0.01", "second"]);
});

it("draws at most 500 rows of a flood and says so", async () => {
	const { mount, apply, root } = stage();
	mount(mountLog);
	await apply(runAdded());
	for (let block = 0; block < 5; block += 1) {
		await apply(lines(...Array.from({ length: 1000 }, (_, i) => `line ${block * 1000 + i}`)));
	}
	const shown = texts(root);
	expect(shown).toHaveLength(500);
	expect(shown.at(-1)).toBe("line 4999");
	expect(root.textContent).toContain("4,500 earlier lines");
});

it("filters by level and by text", async () => {
	const { mount, apply, root, find } = stage();
	mount(mountLog);
	await apply(runAdded(), lines("loss 1", ["warning", "slow"], ["error", "LOSS is NaN"]));
	const search = find<HTMLInputElement>(".nbviz-log-search");
	search.value = "loss";
	search.dispatchEvent(new Event("input"));
	expect(texts(root)).toHaveLength(2);
	const level = find<HTMLSelectElement>(".nbviz-log .nbviz-panel-tools > select");
	level.value = "Warnings and errors";
	level.dispatchEvent(new Event("change"));
	expect(
		[...root.querySelectorAll("[data-level]")].map((row) => row.getAttribute("data-level")),
	).toEqual(["error"]);
});

it("puts what ended a failed run at the top, and its traceback in full below", async () => {
	const { mount, apply, find } = stage();
	mount(mountLog);
	const trace =
		'Traceback (most recent call last):\n  File "train.py", line 3\nValueError: 32 is not 64\nin step 7';
	await apply(runAdded(), lines(["error", trace]), runChanged("failed"));
	expect(find(".nbviz-log-failure").hidden).toBe(false);
	expect(find(".nbviz-log-failure-what").textContent).toBe("ValueError: 32 is not 64");
	expect(find(".nbviz-log-trace").textContent).toBe(trace);
});

it("starts over when the page gets a new snapshot", async () => {
	const { mount, apply, root, store } = stage();
	mount(mountLog);
	await apply(runAdded(), lines("old"));
	store.clear();
	await apply(runAdded(), lines("new"));
	expect(texts(root)).toEqual(["new"]);
});

it("is filtered after a reload as it was before", async () => {
	const memory = passingViewState();
	const logged = [runAdded(), lines("first", ["error", "second"], ["warning", "a second"])];
	const before = stage(true, memory);
	before.mount(mountLog);
	await before.apply(...logged);
	const level = before.find<HTMLSelectElement>(".nbviz-log select.nbviz-select:not([hidden])");
	const search = before.find<HTMLInputElement>(".nbviz-log-search");
	level.value = "Warnings and errors";
	level.dispatchEvent(new Event("change"));
	search.value = "a sec";
	search.dispatchEvent(new Event("input"));
	const shown = texts(before.root);
	expect(shown).toHaveLength(1);
	const after = stage(true, memory);
	after.mount(mountLog);
	await after.apply(...logged);
	expect(texts(after.root)).toEqual(shown);
	memory.write("log", { level: "no such level", search: 3 });
	const odd = stage(true, memory);
	odd.mount(mountLog);
	await odd.apply(...logged);
	expect(texts(odd.root)).toHaveLength(3);
});
