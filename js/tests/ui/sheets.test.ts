// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { adopt } from "../../src/ui/sheets";

const rules = (tree: Document | ShadowRoot) =>
	tree.adoptedStyleSheets.flatMap((sheet) => [...sheet.cssRules].map((rule) => rule.cssText));

function added(to: ParentNode = document.body): HTMLElement {
	const made = document.createElement("div");
	to.append(made);
	return made;
}

beforeEach(() => document.body.replaceChildren());

test("a sheet holds once, in the order in which sheets were first needed", () => {
	adopt(added(), [".a { color: red; }", ".b { color: red; }"]);
	adopt(added(), [".c { color: red; }", ".a { color: red; }"]);
	expect(rules(document).map((rule) => rule.slice(0, 2))).toEqual([".a", ".b", ".c"]);
});

test("a view in a shadow tree has its sheets there", () => {
	const tree = added().attachShadow({ mode: "open" });
	const before = rules(document).length;
	adopt(added(tree), [".d { color: red; }"]);
	expect(rules(tree)).toEqual([".d { color: red; }"]);
	expect(rules(document)).toHaveLength(before);
});
