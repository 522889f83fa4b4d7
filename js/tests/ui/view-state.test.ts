// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { asRange } from "../../src/panels/curves/choices";
import { asTexts, tabViewState } from "../../src/ui/view-state";

beforeEach(() => sessionStorage.clear());
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
