// @vitest-environment happy-dom
// Windows on the page: what is received, what is logged is never run, and what a reader does is told.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Update, WindowsChange } from "../../src/protocol/index.gen";
import type { Theme } from "../../src/ui/theme";
import { ImageContent, PropertiesContent, pixelAt, TextContent } from "../../src/visdom/contents";
import { safeNodes } from "../../src/visdom/html";
import { Pane } from "../../src/visdom/pane";
import { drawingOf } from "../../src/visdom/plots/plot";
import type { Grid, PageFile } from "../../src/visdom/spec";
import { keyOf, WindowsStore } from "../../src/visdom/store";
import { shortTex } from "../../src/visdom/tex";
import { columnsFor, columnsOf } from "../../src/visdom/view";

const change = (part: Partial<WindowsChange>): Update =>
	({
		...{ envs: ["main"], env: "main", changed: [], closed: [], parts: [], forgotten: [] },
		...part,
	}) as unknown as Update;
const buffer = (values: Float64Array | Float32Array | Uint8Array, from = 0, to?: number) =>
	new DataView(values.buffer.slice(from, to) as ArrayBuffer);
const html = (text: string) => {
	const root = document.createElement("div");
	root.append(...safeNodes(text));
	return root;
};

describe("what is received", () => {
	const line = Float64Array.of(1, 2, Number.NaN);
	const spec = (blobs: number[]) =>
		JSON.stringify({
			type: "plot",
			content: { data: [{ y: { $: "column", blobs } }], layout: {} },
		});
	const y = (store: WindowsStore) => {
		const { content } = store.windows.get(keyOf("main", "w"))?.spec ?? { content: undefined };
		return (content as { data: { y: Float64Array }[] } | undefined)?.data[0]?.y;
	};
	const window = (blobs: number[]) => ({ env: "main", win: "w", number: 1, spec: spec(blobs) });

	test("is put together from blobs that come in parts, and from several of them", () => {
		const store = new WindowsStore();
		store.apply(change({ parts: [{ blob: 1, start: 0, size: 24, buffer: 0 }] }), [
			buffer(line, 0, 10),
		]);
		const rest = { blob: 1, start: 10, size: 24, buffer: 0 };
		store.apply(change({ parts: [rest], changed: [window([1])] }), [buffer(line, 10)]);
		expect(y(store)).toEqual(line);
		const more = { blob: 2, start: 0, size: 8, buffer: 0 };
		store.apply(change({ parts: [more, rest], changed: [window([1, 2])] }), [
			buffer(Float64Array.of(4)),
		]);
		expect(y(store)).toEqual(Float64Array.of(1, 2, Number.NaN, 4));
	});

	test("is forgotten when it is closed, and all of it before a snapshot", () => {
		const store = new WindowsStore();
		const part = { blob: 1, start: 0, size: 24, buffer: 0 };
		store.apply(change({ parts: [part], changed: [window([1])] }), [buffer(line)]);
		store.apply(change({ closed: [{ env: "main", win: "w" }], forgotten: [1] }), []);
		expect(store.windows.size).toBe(0);
		store.apply(change({ parts: [part], changed: [window([1])] }), [buffer(line)]);
		store.clear();
		expect([store.windows.size, store.isFilled]).toEqual([0, true]);
	});

	test("files are URLs, grids have rows", () => {
		const store = new WindowsStore();
		const content = {
			src: { $: "file", blobs: [1], type: "image/png" },
			z: { $: "grid", blobs: [2], shape: [1, 2] },
		};
		const parts = [
			{ blob: 1, start: 0, size: 3, buffer: 0 },
			{ blob: 2, start: 0, size: 8, buffer: 1 },
		];
		const image = { env: "main", win: "w", number: 1, spec: JSON.stringify({ content }) };
		store.apply(change({ parts, changed: [image] }), [
			buffer(Uint8Array.of(1, 2, 3)),
			buffer(Float32Array.of(5, 6)),
		]);
		const held = store.windows.get(keyOf("main", "w"))?.spec.content as {
			src: PageFile;
			z: Grid;
		};
		expect(held.src.url).toMatch(/^blob:/);
		expect(held.z).toEqual({ rows: 1, columns: 2, values: Float32Array.of(5, 6) });
	});
});

test("a picture keeps its shape in a window that is narrower than it asked for", () => {
	const pane = new Pane("main", "w", () => {}, true);
	const theme = { series: [] } as unknown as Theme;
	const take = (type: string, content: unknown) =>
		pane.take(
			{ ...{ env: "main", win: "w", number: 1 }, spec: { type, content, width: 400, height: 800 } },
			theme,
		);
	take("image", { src: "", caption: "" });
	const { width, height, heightAt } = pane.size;
	expect(width).toBe(418);
	expect(height - heightAt(218)).toBe(400);
	take("image", { src: "", caption: "c" });
	expect(pane.size.height - height).toBe(22);
	take("plot", { data: [] });
	expect([pane.size.height, pane.size.heightAt(100)]).toEqual([800, 800]);
	pane.remove();
});

describe("HTML that was logged", () => {
	test("formats", () => {
		const made = html(
			"<h2>T</h2><p style='color: red'>a <b>b</b><br>c</p><table><tr><td>1</td></tr>",
		);
		expect(made.querySelector("p")?.style.color).toBe("red");
		expect(made.querySelector("b")?.textContent).toBe("b");
		expect(made.querySelector("td")?.textContent).toBe("1");
	});

	test.each([
		"<script>window.hacked = 1</script>",
		"<img src=x onerror='window.hacked = 1'>",
		"<a href='javascript:window.hacked = 1' onclick='window.hacked = 1'>x</a>",
		"<a href=' JaVaScRiPt:1'>x</a>",
		"<svg><script>window.hacked = 1</script></svg>",
		"<iframe srcdoc='<script>1</script>'></iframe>",
		"<object data='x'></object><embed src='x'>",
		"<form action='x'><input formaction='javascript:1'></form>",
		"<p style='background-image: url(http://x)'>x</p>",
		"<p style='color: url(http://x)'>x</p>",
		"<style>* { background: url(http://x) }</style>",
		"<link rel=stylesheet href=http://x><base href=http://x><meta http-equiv=refresh>",
		"<img src='http://x/a.png'><video src='http://x'></video>",
		"<math><mtext><style><img src=x onerror=1></style></mtext></math>",
	])("runs and fetches nothing: %s", (text) => {
		const made = html(text);
		const allowed = "a, b, p, img, svg";
		for (const one of made.querySelectorAll("*")) {
			expect(one.matches(allowed), one.outerHTML).toBe(true);
			expect(one.localName).not.toBe("svg");
			for (const { name, value } of one.attributes) {
				expect(name).not.toMatch(/^on|formaction|srcdoc/);
				if (name === "src") expect(value).toMatch(/^data:image\//);
				if (name === "href") expect(value).toMatch(/^https?:/);
				expect(value).not.toMatch(/url\(/);
			}
		}
		expect((window as { hacked?: number }).hacked).toBeUndefined();
	});

	test("keeps addresses of the web, and images whose data it holds", () => {
		const made = html(
			"<a href='https://x.org/a'>x</a><img src='data:image/png;base64,AA' width=9>",
		);
		expect(made.querySelector("a")?.getAttribute("rel")).toBe("noopener noreferrer");
		expect(made.querySelector("img")?.getAttribute("width")).toBe("9");
	});
});

describe("contents", () => {
	beforeEach(() => vi.useFakeTimers());
	afterEach(() => vi.useRealTimers());
	const spec = (content: unknown, more = {}) => ({ type: "", content, ...more });

	test("a text is replaced, and plain text is text", () => {
		const text = new TextContent();
		text.take(spec("1 &lt; 2<br>3"));
		expect(text.root.textContent).toBe("1 < 23");
	});

	test("images have a slider for those before", () => {
		const told: unknown[] = [];
		const image = new ImageContent((type) => told.push(type));
		const one = (name: string) => ({ src: { url: `blob:${name}`, type: "" }, caption: name });
		image.take(spec([one("a"), one("b")], { selected: 1 }));
		const [shown, slider] = [image.root.querySelector("img"), image.root.querySelector("input")];
		expect([shown?.getAttribute("src"), slider?.value]).toEqual(["blob:b", "1"]);
		if (slider) slider.value = "0";
		slider?.dispatchEvent(new Event("input"));
		expect([shown?.getAttribute("src"), shown?.alt]).toEqual(["blob:a", "a"]);
		// A snapshot has the same images; a new one is shown, as by visdom.
		image.take(spec([one("a2"), one("b2")], { selected: 1 }));
		expect([shown?.getAttribute("src"), slider?.value]).toEqual(["blob:a2", "0"]);
		image.take(spec([one("a2"), one("b2"), one("c")], { selected: 2 }));
		expect([shown?.getAttribute("src"), slider?.value]).toEqual(["blob:c", "2"]);
	});

	test("an image of a second snapshot takes its new URL: that of the first is revoked", () => {
		class Seen {
			constructor(private readonly told: (entries: { isIntersecting: boolean }[]) => void) {}
			observe() {
				this.told([{ isIntersecting: true }]);
			}
			disconnect() {}
		}
		vi.stubGlobal("IntersectionObserver", Seen);
		const pane = new Pane("main", "w", () => undefined, true);
		const shown = (url: string) => ({
			...{ env: "main", win: "w", number: 7 },
			spec: { type: "image", content: { src: { url, type: "image/png" } } },
		});
		const theme = {} as Parameters<typeof pane.take>[1];
		const source = () => pane.root.querySelector("img")?.getAttribute("src");
		pane.take(shown("blob:first"), theme);
		expect(source()).toBe("blob:first");
		pane.take(shown("blob:second"), theme);
		expect(source()).toBe("blob:second");
		pane.remove();
		vi.unstubAllGlobals();
	});

	test("a click is at a pixel of the image, which may be narrower than its element", () => {
		const image = {
			...{ naturalWidth: 10, naturalHeight: 20 },
			getBoundingClientRect: () => ({ left: 100, top: 0, width: 200, height: 200 }) as DOMRect,
		};
		expect(pixelAt(image, { clientX: 155, clientY: 15 })).toEqual({ x: 0, y: 1 });
		expect(pixelAt(image, { clientX: 120, clientY: 15 })).toBeUndefined();
	});

	test("properties tell what was entered", () => {
		const told: unknown[] = [];
		const fields = new PropertiesContent((type, more) => told.push([type, more]));
		fields.take(
			spec([
				{ type: "number", name: "Rate", value: "1" },
				{ type: "checkbox", name: "On", value: false },
				{ type: "select", name: "Color", value: 1, values: ["Red", "Green"] },
				{ type: "button", name: "Go", value: "Start" },
			]),
		);
		document.body.append(fields.root); // else a checkbox tells nothing
		const [rate, on] = fields.root.querySelectorAll("input");
		const select = fields.root.querySelector("select");
		expect([rate?.value, on?.checked, select?.value]).toEqual(["1", false, "1"]);
		if (rate) rate.value = "2";
		rate?.dispatchEvent(new Event("change"));
		on?.click();
		if (select) select.value = "0";
		select?.dispatchEvent(new Event("change"));
		fields.root.querySelector("button")?.click();
		expect(told).toEqual([
			["PropertyUpdate", { propertyId: 0, value: "2" }],
			["PropertyUpdate", { propertyId: 1, value: true }],
			["PropertyUpdate", { propertyId: 2, value: 0 }],
			["PropertyUpdate", { propertyId: 3, value: "clicked" }],
		]);
	});

	test("what is not drawn is named, with what shows it", () => {
		const unknown = drawingOf("none");
		unknown.take({ traces: [{ type: "candlestick" }], layout: {}, title: "" });
		expect(unknown.root.textContent).toMatch(/candlestick is not drawn.*log_figure/);
	});
});

test("TeX becomes letters that any font has", () => {
	expect(shortTex(String.raw`$\alpha_{1c} = 352 \pm 11 \text{ km s}^{-1}$`)).toBe(
		"α₁c = 352 ± 11 km s⁻¹",
	);
	expect(shortTex("costs 5$")).toBe("costs 5$");
});

test("windows of the usual width fill a row", () => {
	expect([300, 640, 848, 1240].map((width) => columnsOf(width) / 4)).toEqual([1, 2, 3, 4]);
});

test("a window gets the columns that it asks for, or a little less", () => {
	expect([10, 190, 274, 340, 350, 500, 530].map(columnsFor)).toEqual([1, 3, 4, 4, 4, 6, 7]);
});
