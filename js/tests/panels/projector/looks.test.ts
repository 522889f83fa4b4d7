// What a page makes of labels: colours, what is dim, what the search finds, what Python is told.
import { expect, test, vi } from "vitest";
import { HIDDEN } from "../../../src/charts/space/points";
import { panel } from "../../../src/panels/projector";
import { EmbeddingLoader, type Labels, labelText } from "../../../src/panels/projector/loader";
import { asBits, legendOf, search, writeLooks } from "../../../src/panels/projector/looks";
import type { Answer, Question } from "../../../src/session/asker";
import { asker } from "../stage";

const NONE = { hidden: new Set<number>(), found: undefined, selected: new Set<number>() };

const animals: Labels = {
	column: { name: "animal", column_kind: "category", names: ["cat", "Dog"], content: "a" },
	codes: Uint16Array.of(0, 1, 1, 0),
};
const losses: Labels = {
	column: { name: "loss", column_kind: "number", names: [], content: "b" },
	values: Float32Array.of(1, 2, 3, Number.NaN),
};

test("categories are counted, hidden ones are not drawn, and what is not selected is dim", () => {
	const legend = legendOf(animals, [0, 0, 0], false);
	expect(legend.categories.map(({ name, count }) => [name, count])).toEqual([
		["cat", 2],
		["Dog", 2],
	]);
	const looks = new Uint16Array(4);
	expect(writeLooks(looks, animals, legend, NONE)).toBe(false);
	expect([...looks]).toEqual([0, 2, 2, 0]);
	const marks = { hidden: new Set([0]), found: undefined, selected: new Set([1]) };
	expect(writeLooks(looks, animals, legend, marks)).toBe(true);
	expect([...looks]).toEqual([HIDDEN, 2, 3, HIDDEN]);
});

test("values have colours over their range, and what is no number one of its own", () => {
	const legend = legendOf(losses, [0, 0, 0], true);
	expect(legend.range).toEqual([1, 3]);
	const looks = new Uint16Array(4);
	writeLooks(looks, losses, legend, NONE);
	const last = legend.colours.length - 1;
	expect([...looks]).toEqual([0, 2 * Math.round((last - 1) / 2), 2 * (last - 1), 2 * last]);
	const same = { ...losses, values: Float32Array.of(5, 5) };
	const flat = new Uint16Array(2);
	writeLooks(flat, same, legendOf(same, [0, 0, 0], true), NONE);
	expect([...flat]).toEqual([0, 0]);
});

test("the search finds texts in any case, numbers, and a point by its number", () => {
	expect([...search([animals, losses], "dOG", 4)]).toEqual([1, 2]);
	expect([...search([animals, losses], "3", 4)]).toEqual([2]);
	expect([...search([animals], "#3", 4)]).toEqual([3]);
	expect([...search([animals], "#4", 4)]).toEqual([]);
	expect(labelText(losses, 1)).toBe("2");
});

test("a selection is a bit for each point, the first of a byte its lowest", () => {
	const bytes = (text: string) => [...atob(text)].map((one) => one.charCodeAt(0));
	expect(bytes(asBits([0, 9, 19], 20))).toEqual([1, 2, 8]);
	expect(bytes(asBits([], 9))).toEqual([0, 0]);
});

function positions(start: number, ...values: number[]): Answer {
	const bytes = new DataView(Uint16Array.from(values).buffer);
	return {
		...{ kind: "positions_sent", client_id: "", request_id: 0, run_id: "a", tag: "t", step: 1 },
		...{ method: "pca", dims: 2, start, count: values.length / 2, middle: [0, 0], span: 1 },
		...{ buffer: 0, bytes },
	} as Answer;
}

test("positions come in slices until all are there, once", async () => {
	const asked: Question[] = [];
	const kernel = asker((question) => {
		asked.push(question);
		const start = question.kind === "send_positions" ? question.start : 0;
		return Promise.resolve(start === 0 ? positions(0, 0, 65_534) : positions(1, 65_535, 65_535));
	});
	const loader = new EmbeddingLoader(kernel, "a", "t");
	const key = { step: 1, method: "pca", dims: 2, revision: 0 } as const;
	const came = vi.fn();
	const found = await loader.place(key, 2, () => true, came);
	expect([...(found ?? [])]).toEqual([-0.5, 0.5, Number.NaN, Number.NaN]);
	expect(came.mock.calls).toEqual([[0.5], [1]]);
	expect(await loader.place(key, 2, () => true, came)).toBe(found);
	expect(asked).toHaveLength(2);
	const other = { ...key, step: 2 };
	expect(await loader.place(other, 2, () => false, came)).toBeUndefined();
});

test("a page without a kernel finds labels of another step that says the same", () => {
	const common = { client_id: "", request_id: 0, run_id: "a", tag: "t", buffer: 0 };
	const column = { ...common, kind: "column_sent", step: 10, column: 1, start: 0, count: 3 };
	const flat = { ...positions(0, 1, 1), step: 10 };
	const newer = { ...flat, step: 20 };
	const overview = { ...common, kind: "embedding_sent", step: 10, dims_logged: 16 };
	const recorded = [column, newer, flat, overview] as Answer[];
	const recall = (question: Question) => panel.recall?.(question, recorded);
	const of = { run_id: "a", tag: "t" };
	expect(recall({ kind: "send_column", ...of, step: 20, column: 1, start: 0 })).toBe(column);
	expect(recall({ kind: "send_column", ...of, step: 20, column: 0, start: 0 })).toBeUndefined();
	expect(recall({ kind: "send_embedding", ...of, step: 20 })).toBe(overview);
	const place = { kind: "send_positions", ...of, method: "pca", dims: 2, start: 0 } as const;
	expect(recall({ ...place, step: 15 })).toBe(flat);
	expect(recall({ ...place, step: 99 })).toBe(newer);
	expect(recall({ ...place, step: 99, method: "tsne" })).toBeUndefined();
});
