// @vitest-environment happy-dom
// The widget of a user's data on a page without layout or canvas: what is said, told and taken over.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Scale } from "../../src/charts/parallel/scale";
import { type CellsData, cellValues } from "../../src/data-charts/data";
import { markedAfter } from "../../src/data-charts/marked";
import { shadesOf } from "../../src/data-charts/shades";
import { type ChartModel, render } from "../../src/data-charts/widget";
import type { Theme } from "../../src/ui/theme";

const encoded = (values: ArrayBufferView) =>
	btoa(String.fromCharCode(...new Uint8Array(values.buffer as ArrayBuffer)));

const CELLS: CellsData = {
	chart: "cells",
	title: "<b>title</b>",
	remark: "",
	said: "heatmap chart, 2 rows",
	rows: 2,
	columns: 3,
	shape: [2, 3],
	block: [1, 1],
	values: { exact: encoded(Float64Array.of(1, 2, 3, 4, Number.NaN, -6)) },
	palette: "sign",
	low: -6,
	high: 6,
	color: "",
	row_names: ["x", "<i>y</i>"],
	column_names: [],
	row_label: "",
	column_label: "",
	x: null,
	y: null,
	lines: [],
};

class Model implements ChartModel {
	readonly sent: unknown[] = [];
	private readonly heard = new Map<string, (content?: unknown) => void>();

	constructor(private readonly state: Record<string, unknown>) {}

	get = (name: string) => this.state[name];
	on = (name: string, callback: (content?: unknown) => void) => {
		this.heard.set(name, callback);
	};
	off = (name: string) => {
		this.heard.delete(name);
	};
	send = (content: unknown) => {
		this.sent.push(content);
	};
	set(name: string, value: unknown): void {
		this.state[name] = value;
		this.heard.get(`change:${name}`)?.();
	}
	tell = (content: unknown) => this.heard.get("msg:custom")?.(content);
	get listeners(): number {
		return this.heard.size;
	}
}

let el: HTMLElement;
beforeEach(() => {
	el = document.createElement("div");
	document.body.append(el);
});
afterEach(() => {
	el.remove();
	vi.unstubAllGlobals();
});

const mounted = (data: object) => {
	const model = new Model({ _drawn: data, _marked: [] });
	const remove = render({ model, el });
	const find = (selector: string) => el.querySelector(selector) as HTMLElement;
	return { model, remove, find };
};
const press = (canvas: HTMLElement, ...keys: string[]) => {
	for (const key of keys) canvas.dispatchEvent(new KeyboardEvent("keydown", { key }));
};

describe("cells", () => {
	it("are read out by their names and chosen by keys", () => {
		const { model, find } = mounted(CELLS);
		const canvas = find("canvas");
		expect(canvas.getAttribute("aria-label")).toBe("heatmap chart, 2 rows");
		expect(find(".nbviz-data-title").textContent).toBe("<b>title</b>");
		expect(el.querySelector("b, i")).toBeNull();
		press(canvas, "ArrowDown", "ArrowDown", "ArrowLeft");
		expect(find(".nbviz-data-readout").textContent).toBe("row <i>y</i>, column 0: 4");
		press(canvas, "ArrowRight");
		expect(find(".nbviz-data-readout").textContent).toContain("column 1: not finite");
		press(canvas, "Enter", "Escape");
		expect(model.sent).toEqual([
			{ kind: "cells", from: [1, 1], to: [1, 1], add: false },
			{ kind: "clear" },
		]);
		model.tell({ kind: "refused", text: "too many" });
		expect(find(".nbviz-data-readout").textContent).toBe("too many");
	});

	it("stand for blocks of the input, and rows of an axis begin below", () => {
		const { find } = mounted({ ...CELLS, shape: [5, 30], block: [4, 10], row_names: [] });
		press(find("canvas"), "ArrowDown", "ArrowDown");
		expect(find(".nbviz-data-readout").textContent).toBe("row 4, column 0–9: 4");
		el.replaceChildren();
		const other = mounted({ ...CELLS, x: [0, 4], y: [10, 11] });
		press(other.find("canvas"), "ArrowUp", "ArrowUp", "ArrowRight");
		expect(other.find(".nbviz-data-readout").textContent).toContain("row 11, column 2:");
	});

	it("of many have their values in steps", () => {
		const steps = Uint16Array.of(0, 65534, 65535);
		const data = { ...CELLS, values: { steps: encoded(steps), low: -1, scale: 2 / 65534 } };
		expect([...cellValues(data)]).toEqual([-1, 1, Number.NaN]);
	});

	it("have the house's colours, or the user's at the upper end", () => {
		const theme = { isDark: false, surface: "#ffffff" } as Theme;
		const own = shadesOf({ ...CELLS, palette: "magnitude", low: 2, color: "#ff0000" }, theme);
		expect([own.index(2), own.index(6), own.index(99), own.index(Number.NaN)]).toEqual([
			1, 255, 255, 0,
		]);
		expect([...own.table.subarray(4 * 255, 4 * 255 + 3)]).toEqual([255, 0, 0]);
		const sign = shadesOf(CELLS, theme);
		expect([sign.index(0), sign.index(-6), sign.index(6)]).toEqual([128, 1, 255]);
	});
});

it("is drawn anew when its data change, and leaves nothing behind", () => {
	const { model, remove, find } = mounted(CELLS);
	model.set("_drawn", { ...CELLS, title: "another" });
	expect(find(".nbviz-data-title").textContent).toBe("another");
	const rows = encoded(Uint32Array.of(4, 7));
	const colored = {
		rows,
		colors: ["#ff0000"],
		color_names: ["a <b>"],
		of_row: encoded(new Uint8Array(2)),
	};
	model.set("_drawn", {
		...colored,
		chart: "parallel",
		title: "",
		remark: "2 of 9 rows are drawn",
		said: "parallel chart, 9 rows",
		axes: [{ name: "width", words: [], values: encoded(Float64Array.of(1, 2)) }],
	});
	expect(el.querySelectorAll("figure")).toHaveLength(1);
	expect(find(".nbviz-data-legend").textContent).toBe("a <b>");
	expect(find("[role=img]").getAttribute("aria-label")).toBe("parallel chart, 9 rows");
	model.set("_drawn", {
		...colored,
		chart: "arrows",
		title: "turn",
		remark: "",
		said: "quiver chart, 2 rows",
		names: ["x", "y"],
		ends: [0, 1, 0, 1],
		longest: 3,
		arrows: encoded(Float64Array.of(0, 1, 0, 1, 1, 0, 0, 1)),
	});
	expect(find("canvas").getAttribute("aria-label")).toBe("quiver chart, 2 rows");
	press(find("canvas"), "Escape");
	expect(model.sent).toEqual([{ kind: "clear" }]);
	remove();
	expect([el.children.length, model.listeners]).toEqual([0, 0]);
});

describe("without a kernel a choice marks", () => {
	const colored = {
		title: "",
		remark: "",
		said: "",
		rows: "",
		colors: [],
		color_names: [],
		of_row: "",
	};

	it("cells, which another choice adds to or takes away", () => {
		const choose = (from: [number, number], to: [number, number], add: boolean) =>
			({ kind: "cells", from, to, add }) as const;
		const row = markedAfter(CELLS, choose([1, 2], [1, 1], false), [[0, 0]]);
		expect(row.map(String)).toEqual(["1,1", "1,2"]);
		const more = markedAfter(CELLS, choose([0, 1], [1, 1], true), row);
		expect(more.map(String).sort()).toEqual(["0,1", "1,1", "1,2"]);
		const fewer = markedAfter(CELLS, choose([1, 1], [1, 2], true), more);
		expect(fewer.map(String)).toEqual(["0,1"]);
		expect(markedAfter(CELLS, { kind: "clear" }, fewer)).toEqual([]);
	});

	it("arrows that begin in a box, and rows within ranges", () => {
		const arrows = encoded(Float64Array.of(0, 1, 2, 0, 1, 2, 1, 1, 1, 0, 0, 0));
		const quiver = {
			...colored,
			chart: "arrows",
			names: ["", ""],
			ends: [0, 2, 0, 2],
			longest: 1,
			arrows,
		} as const;
		expect(markedAfter(quiver, { kind: "box", box: [0.5, 2, 0.5, 1.5] }, [])).toEqual([1]);
		const axis = (...values: number[]) => ({
			name: "",
			words: [],
			values: encoded(Float64Array.from(values)),
		});
		const axes = [axis(1, 2, 3, Number.NaN), axis(9, 8, 7, 8)];
		const parallel = { ...colored, chart: "parallel", axes } as const;
		const ranges: [number, number, number][] = [
			[0, 2, 3],
			[1, 8, 9],
		];
		expect(markedAfter(parallel, { kind: "ranges", ranges }, [])).toEqual([1]);
		expect(markedAfter(parallel, { kind: "ranges", ranges: [] }, [1])).toEqual([]);
	});
});

describe("a scale", () => {
	const column = (values: readonly unknown[], words?: readonly string[]) => ({
		id: "c",
		title: "c",
		of: (i: number) => values[i] as number,
		text: String,
		...(words ? { words } : {}),
	});

	it("gives the values at its shares", () => {
		const even = new Scale(column([0, 5, 10]), [0, 1, 2]);
		expect([even.share(1), even.value(0), even.value(0.25)]).toEqual([0.5, 0, 2.5]);
		const log = new Scale(column([1e-5, 1e-3, 0.1]), [0, 1, 2]);
		expect(log.value(0.5)).toBeCloseTo(1e-3);
		const same = new Scale(column([7, 7]), [0, 1]);
		expect([same.share(0), same.value(0.5)]).toEqual([0.5, 7]);
	});

	it("has words in the order given", () => {
		const words = new Scale(column(["b", "c"], ["c", "b", "a"]), [0, 1]);
		expect([words.share(0), words.share(1), words.value(0.75)]).toEqual([0.5, 0, 1.5]);
	});
});
