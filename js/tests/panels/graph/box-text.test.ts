import { expect, test } from "vitest";
import { shortCount, textOf } from "../../../src/panels/graph/drawing/box-text";
import type { GraphNode } from "../../../src/protocol/index.gen";
import { rule } from "../../fixtures";

interface Rule {
	readonly boxes: readonly {
		readonly about: string;
		readonly is_open: boolean;
		readonly node: GraphNode;
		readonly text: object;
	}[];
	readonly counts: readonly (readonly [count: number, text: string])[];
}

const { boxes, counts } = rule<Rule>("box_texts");

test.each(boxes)("the text of a box: $about", ({ node, is_open, text }) => {
	expect(textOf(node, (said) => said.length, is_open)).toMatchObject(text);
});

test.each(counts)("%s is written as %s", (count, text) => {
	expect(shortCount(count)).toBe(text);
});
