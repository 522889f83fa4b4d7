// @vitest-environment happy-dom
// A page without layout: what is asked of a table, and what is said of it.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mountTables } from "../../../src/panels/tables/panel";
import type { RowsSent } from "../../../src/protocol/index.gen";
import type { Answer } from "../../../src/session/asker";
import { fixture } from "../../fixtures";
import { list } from "../items";
import { asker, EverythingInSight, runAdded, type Stage, stage, turns } from "../stage";

beforeEach(() => {
	vi.stubGlobal("IntersectionObserver", EverythingInSight);
	vi.stubGlobal("URL", {
		...URL,
		createObjectURL: () => "blob:1",
		revokeObjectURL: () => undefined,
	});
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

/** A stage with one table, whose kernel, or saved page, answers with the example of the protocol. */
async function mounted(change: Partial<RowsSent> = {}, isLive = true): Promise<Stage> {
	const on = stage(isLive);
	on.mount((host, context) =>
		mountTables(host, {
			...context,
			asker: asker((question) => {
				on.asked.push(question);
				if (question.kind !== "send_rows") throw new Error(question.kind);
				const { message, buffers } = fixture("rows_sent");
				return Promise.resolve({ ...message, ...change, bytes: buffers[0] } as Answer);
			}, isLive),
		}),
	);
	await on.apply(runAdded());
	await list(on, "tables_added", "a", { tag: "val/samples", item_kind: "table" }, 40);
	await turns();
	return on;
}

const rows = (on: Stage) =>
	[...on.root.querySelectorAll(".nbviz-rows-row")].map((row) =>
		[...row.children].map((cell) => cell.textContent),
	);
const heads = (on: Stage) =>
	[...on.root.querySelectorAll<HTMLElement>('[role="columnheader"]')].map((head) =>
		head.getAttribute("aria-sort"),
	);

test("cells are text; of an image there is a thumbnail with a name", async () => {
	const on = await mounted();
	expect(rows(on)).toEqual([
		["0.5", "cat", "✓ true", ""],
		["2", "<img src=x>", "✕ false", "–"],
		["–", "Dog", "–", ""],
	]);
	expect(on.root.querySelectorAll("img")).toHaveLength(2);
	expect(on.find("img").getAttribute("alt")).toBe("picture of row 1");
	expect(on.root.querySelector("b")).toBeNull();
	expect(on.find(".nbviz-items-card").textContent).toContain("3 rows × 4 columns");
});

test("a head sorts in the kernel, then the other way, then not at all", async () => {
	const on = await mounted();
	const click = async () => {
		on.root.querySelectorAll<HTMLButtonElement>(".nbviz-rows-sort")[0]?.click();
		await turns();
		const asked = on.asked.at(-1);
		return asked?.kind === "send_rows" ? [asked.sort, asked.descending] : [];
	};
	expect(await click()).toEqual([0, false]);
	expect(heads(on)[0]).toBe("ascending");
	expect(await click()).toEqual([0, true]);
	expect(heads(on)[0]).toBe("descending");
	expect(await click()).toEqual([-1, false]);
	expect(heads(on)[0]).toBe("none");
});

test("a filter is asked for once typing rests, and the matches are counted", async () => {
	const on = await mounted();
	const before = on.asked.length;
	const filter = on.find<HTMLInputElement>("input[aria-label='Filter rows']");
	for (const text of ["s", "score", "score > 1"]) {
		filter.value = text;
		filter.dispatchEvent(new Event("input"));
	}
	expect(on.asked).toHaveLength(before);
	await vi.advanceTimersByTimeAsync(500);
	await turns();
	expect(on.asked).toHaveLength(before + 1);
	expect(on.asked.at(-1)).toMatchObject({ filter: "score > 1", first: 0 });
});

test("a saved page says how many rows it has, and arranges them itself", async () => {
	const on = await mounted({ total: 5000, matching: 5000 }, false);
	expect(on.find(".nbviz-tables-said").textContent).toBe(
		"The first 3 of 5,000 rows are saved in this page.",
	);
	const filter = on.find<HTMLInputElement>("input[aria-label='Filter rows']");
	filter.value = "dog";
	filter.dispatchEvent(new Event("input"));
	await vi.advanceTimersByTimeAsync(500);
	await turns();
	expect(rows(on).map(([, name]) => name)).toEqual(["Dog"]);
	expect(on.find(".nbviz-tables-said").textContent).toContain("1 row found.");
});
