// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { asRange } from "../../src/panels/curves/choices";
import { asTexts, passingViewState, placedViewState, tabViewState } from "../../src/ui/view-state";

beforeEach(() => {
	sessionStorage.clear();
	localStorage.clear();
});
afterEach(() => vi.unstubAllGlobals());

test("a view finds what it kept before a reload; another view does not", () => {
	tabViewState("abc 0").write("curves", { smoothing: 0.5 });
	tabViewState("abc 0").write("folded", { log: true });
	expect(tabViewState("abc 0").read("curves")).toEqual({ smoothing: 0.5 });
	expect(tabViewState("abc 0").read("folded")).toEqual({ log: true });
	expect(tabViewState("abc 1").read("curves")).toEqual({});
});

test("where the browser keeps nothing, it is kept until the reload", () => {
	vi.stubGlobal("sessionStorage", {
		getItem: () => {
			throw new DOMException("denied", "SecurityError");
		},
		setItem: () => {
			throw new DOMException("full", "QuotaExceededError");
		},
	});
	const memory = tabViewState("abc 0");
	memory.write("curves", { isLog: true });
	expect(memory.read("curves")).toEqual({ isLog: true });
});

test("what is stored may be anything", () => {
	for (const text of ["{", "null", "3", '{"curves": 4}']) {
		sessionStorage.setItem("nbviz abc 0", text);
		expect(tabViewState("abc 0").read("curves")).toEqual({});
	}
	expect(asRange({ min: 2, max: 1 })).toBeUndefined();
	expect(asRange({ min: 1, max: 2 })).toEqual({ min: 1, max: 2 });
	expect(asTexts([1, "a"])).toEqual(["a"]);
});

const placed = (key: string, isLasting = true) =>
	placedViewState(passingViewState(), key, ["runs"], isLasting);

test("what belongs to a place outlives the tab, and is no other place's", () => {
	placed("a.ipynb cell run 0").write("runs", { filter: "adam" });
	placed("a.ipynb cell run 0").write("curves", { isLog: true });
	sessionStorage.clear();
	expect(placed("a.ipynb cell run 0").read("runs")).toEqual({ filter: "adam" });
	expect(placed("a.ipynb cell run 0").read("curves")).toEqual({});
	expect(placed("b.ipynb cell run 0").read("runs")).toEqual({});
});

test("of a place in a notebook without a name nothing is kept beyond the tab", () => {
	placed(" cell run 0", false).write("runs", { filter: "adam" });
	expect(placed(" cell run 0", false).read("runs")).toEqual({ filter: "adam" });
	expect(localStorage.length).toBe(0);
});

test("two tabs do not undo what the other has written of another part", () => {
	const both = ["runs", "workspace"];
	const [first, second] = [0, 1].map(() => placedViewState(passingViewState(), "k", both, true));
	first?.write("runs", { filter: "adam" });
	second?.write("workspace", { tab: "log" });
	const later = placedViewState(passingViewState(), "k", both, true);
	expect(later.read("runs")).toEqual({ filter: "adam" });
	expect(later.read("workspace")).toEqual({ tab: "log" });
});

test("places that were not seen for long are forgotten, and nothing of others", () => {
	vi.useFakeTimers();
	localStorage.setItem("of another page", "x");
	for (let i = 0; i < 60; i++) {
		vi.setSystemTime(1000 + i);
		placed(`${i}`).write("runs", { i });
	}
	expect(placed("19").read("runs")).toEqual({});
	expect(placed("20").read("runs")).toEqual({ i: 20 });
	expect(localStorage.length).toBe(41);
	vi.setSystemTime(2000);
	placed("long").write("runs", { text: "a".repeat(390_000) });
	vi.setSystemTime(2001);
	placed("longer").write("runs", { text: "b".repeat(390_000) });
	expect(placed("long").read("runs")).toEqual({});
	expect(placed("longer").read("runs").text).toHaveLength(390_000);
	expect(localStorage.getItem("of another page")).toBe("x");
	vi.useRealTimers();
});
