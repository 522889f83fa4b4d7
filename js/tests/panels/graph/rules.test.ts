// Rules of the graph that saved pictures follow too; the texts of boxes have a test of their own.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AUTOGRAD_COLOURS } from "../../../src/panels/graph/drawing/autograd";
import { familyOf } from "../../../src/panels/graph/drawing/box-text";
import type { LevelShape, Point } from "../../../src/panels/graph/layout/level";
import { place } from "../../../src/panels/graph/layout/placing";
import { GraphTree } from "../../../src/panels/graph/tree/tree";
import type { GraphNode } from "../../../src/protocol/index.gen";
import { rule } from "../../fixtures";
import { level, node } from "./levels";

const families = rule<{
	families: readonly (readonly [Partial<GraphNode>, string])[];
	colours: Record<string, string>;
	autograd: Record<string, string>;
}>("families");

test.each(families.families)("a box %j has the colour of its family, %s", (changes, family) => {
	expect(familyOf(node("a", changes))).toBe(family);
});

test("each family has its colour, and only they have one", () => {
	const css = readFileSync(`${import.meta.dirname}/../../../src/panels/graph/graph.css`, "utf-8");
	const rules = css.matchAll(/\.nbviz-family-(\w+) \{\s*--family: var\(--nbviz-([\w-]+)\)/g);
	const found = Object.fromEntries([...rules].map(([, family, colour]) => [family, colour]));
	expect(found).toEqual(families.colours);
	expect(AUTOGRAD_COLOURS).toEqual(families.autograd);
});

const opening = rule<{
	graphs: readonly {
		about: string;
		levels: Record<string, readonly (readonly [string, number, number])[]>;
		open: readonly string[];
	}[];
}>("opening");

test.each(opening.graphs)("boxes open at the start: $about", async ({ levels, open }) => {
	const tree = new GraphTree((scopes) =>
		Promise.resolve(
			scopes.map((scope) => {
				const nodes = (levels[scope] ?? []).map(([id, child_count, repeat]) =>
					node(id, { child_count, repeat }),
				);
				return level(scope, { nodes });
			}),
		),
	);
	await tree.openAtAGlance();
	expect([...tree.open].sort()).toEqual([...open].sort());
});

interface Level extends LevelShape {
	readonly about: string;
	readonly placed: {
		readonly width: number;
		readonly height: number;
		readonly boxes: readonly Point[];
		readonly routes: readonly (readonly Point[])[];
		readonly input_ports: readonly number[];
		readonly output_ports: readonly number[];
	};
}

test.each(rule<{ levels: readonly Level[] }>("levels").levels)(
	"boxes in line are placed as in pictures: $about",
	({ about: _, placed: expected, ...shape }) => {
		const placed = place(shape, "TB");
		const close = (values: readonly number[], wanted: readonly number[]) => {
			expect(values).toHaveLength(wanted.length);
			for (const [i, value] of values.entries()) expect(value).toBeCloseTo(wanted[i] ?? NaN, 5);
		};
		close([placed.width, placed.height], [expected.width, expected.height]);
		close(placed.inputPorts, expected.input_ports);
		close(placed.outputPorts, expected.output_ports);
		close(placed.boxes.flat(), expected.boxes.flat());
		expect(placed.routes).toHaveLength(expected.routes.length);
		for (const [i, route] of placed.routes.entries()) {
			close(route.flat(), (expected.routes[i] ?? []).flat());
		}
	},
);
