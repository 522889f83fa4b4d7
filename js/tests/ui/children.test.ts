// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { keepChildren, showChildren, showOptions } from "../../src/ui/children";
import { element } from "../../src/ui/element";

const names = (parent: Element) => [...parent.childNodes].map((node) => node.textContent);
const named = (name: string, title = "") => element("span", "", { title }, name);

/** Notes which nodes are put in, as they are when they are moved, too. */
function watched(parent: Element): Node[] {
	const put: Node[] = [];
	const insert = parent.insertBefore.bind(parent);
	parent.insertBefore = ((node: Node, before: Node | null) => {
		put.push(node);
		return insert(node, before);
	}) as typeof parent.insertBefore;
	return put;
}

test("those in their place are not touched, others are put in, moved and taken out", () => {
	const [a, b, c, d] = [named("a"), named("b"), named("c"), named("d")];
	const parent = element("div");
	keepChildren(parent, [a, b, c]);
	expect(names(parent)).toEqual(["a", "b", "c"]);
	const put = watched(parent);
	keepChildren(parent, [a, b, c]);
	expect(put).toEqual([]);
	keepChildren(parent, [a, c, d]);
	expect(names(parent)).toEqual(["a", "c", "d"]);
	expect(put).toEqual([d]);
	keepChildren(parent, [d, a, c]);
	expect(names(parent)).toEqual(["d", "a", "c"]);
	expect(put).toEqual([d, d]);
	keepChildren(parent, []);
	expect(names(parent)).toEqual([]);
});

test("what looks as it did stays the same node", () => {
	const parent = element("div");
	showChildren(parent, [named("a"), named("b"), named("c")]);
	const [a, b, c] = [...parent.children];
	showChildren(parent, [named("a"), named("b", "another"), named("c"), named("d")]);
	expect(names(parent)).toEqual(["a", "b", "c", "d"]);
	expect(parent.children[0]).toBe(a);
	expect(parent.children[1]).not.toBe(b);
	expect(parent.children[2]).toBe(c);
	showChildren(parent, [named("a")]);
	expect([...parent.children]).toEqual([a]);
});

test("a list of options keeps what is the same, and shows what is chosen", () => {
	const select = element("select");
	const options = (...values: string[]) =>
		values.map((value) => element("option", "", { value }, `by ${value}`));
	showOptions(select, options("x", "y"), "y");
	const [x] = [...select.options];
	expect(select.value).toBe("y");
	showOptions(select, options("x", "y", "z"), "z");
	expect(select.value).toBe("z");
	expect(select.options[0]).toBe(x);
});
