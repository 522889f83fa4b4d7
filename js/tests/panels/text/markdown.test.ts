// @vitest-environment happy-dom
// Markdown as elements: what it is in the page, and that nothing of it is read as HTML or run.
import { expect, test } from "vitest";
import { parseMarkdown } from "../../../src/panels/text/markdown";
import { mark, nodesOf, safeAddress } from "../../../src/panels/text/nodes";

function drawn(text: string): HTMLElement {
	const root = document.createElement("div");
	root.append(...nodesOf(parseMarkdown(text)));
	return root;
}

const html = (text: string) => drawn(text).innerHTML;

test.each([
	[
		"one **two** *three* ~~four~~",
		"<p>one <strong>two</strong> <em>three</em> <del>four</del></p>",
	],
	["**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"],
	["snake_case_name and _em_", "<p>snake_case_name and <em>em</em></p>"],
	["2 * 3 * 4 and 5*", "<p>2 * 3 * 4 and 5*</p>"],
	["first\nsecond", "<p>first<br>second</p>"],
	["\\*no\\*", "<p>*no*</p>"],
	["`a **b**` and ``c ` d``", "<p><code>a **b**</code> and <code>c ` d</code></p>"],
	["`open and **open", "<p>`open and **open</p>"],
	["# One #", '<h4 data-level="1">One</h4>'],
	["Title\n===\ntext", '<h4 data-level="1">Title</h4><p>text</p>'],
	["#hashtag", "<p>#hashtag</p>"],
	["a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"],
	["> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"],
	["- a\n- b\n  - c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"],
	["3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'],
	["- a\n\n  more\n- b", "<ul><li>a<p>more</p></li><li>b</li></ul>"],
	["- [x] a\n- [ ] b", '<ul><li class="nbviz-task">☑ a</li><li class="nbviz-task">☐ b</li></ul>'],
	[
		"```python\nif a < b:\n\n    pass\n```\nafter",
		"<pre><code>if a &lt; b:\n\n    pass</code></pre><p>after</p>",
	],
	["```\nnever closed", "<pre><code>never closed</code></pre>"],
	["    indented\n      more", "<pre><code>indented\n  more</code></pre>"],
])("%j is drawn", (text, expected) => {
	expect(html(text)).toBe(expected);
});

test("a table has a head, rows of its width and columns to the right", () => {
	const root = drawn("| a | b |\n|---|--:|\n| 1 | `x \\| y` |\n| 2 |\n\nafter");
	const cells = [...root.querySelectorAll("tr")].map((row) =>
		[...row.children].map((cell) => cell.textContent),
	);
	expect(cells).toEqual([
		["a", "b"],
		["1", "x | y"],
		["2", ""],
	]);
	expect(root.querySelectorAll<HTMLElement>("td")[1]?.style.textAlign).toBe("right");
	expect(root.querySelector("p")?.textContent).toBe("after");
	expect(html("a | b\nc | d")).toBe("<p>a | b<br>c | d</p>");
});

test("links go to the web and to mail, and nowhere else", () => {
	const link = drawn("see [the **paper**](https://arxiv.org/abs/1 'x') now").querySelector("a");
	expect(link?.getAttribute("href")).toBe("https://arxiv.org/abs/1");
	expect(link?.rel).toBe("noopener noreferrer");
	expect(link?.innerHTML).toBe("the <strong>paper</strong>");
	expect(drawn("at https://a.org/x_y_z, then").querySelector("a")?.href).toBe(
		"https://a.org/x_y_z",
	);
	expect(safeAddress("mailto:a@b.org")).toBe("mailto:a@b.org");
	for (const address of [
		"javascript:alert(1)",
		" JaVaScRiPt:alert(1)",
		"java\nscript:alert(1)",
		"data:text/html,<script>alert(1)</script>",
		"file:///etc/passwd",
		"vbscript:x",
		"/relative",
		"",
	]) {
		expect(safeAddress(address)).toBeUndefined();
		expect(drawn(`[x](${address})`).querySelector("a")).toBeNull();
	}
});

test("HTML is text, and an image is a link", () => {
	const nasty =
		"<img src=x onerror=alert(1)> <script>alert(1)</script> <a href='javascript:x'>y</a>";
	const root = drawn(`# ${nasty}\n\n- ${nasty}\n\n|${nasty}|b|\n|-|-|\n|1|2|\n\n${nasty}`);
	expect(root.querySelector("img, script, a")).toBeNull();
	expect(root.querySelector("p")?.textContent).toBe(nasty);
	const image = drawn("![a cat](https://a.org/cat.png)");
	expect(image.querySelector("img")).toBeNull();
	expect(image.querySelector("a")?.textContent).toBe("image: a cat");
});

test.each([
	["brackets", "[".repeat(50_000)],
	["stars", "*a ".repeat(30_000)],
	["double stars", "**a".repeat(30_000)],
	["mixed marks", "*_~~`**__".repeat(10_000)],
	["quotes", "> ".repeat(5000)],
	["lists", "- ".repeat(5000)],
	["backticks", Array.from({ length: 400 }, (_, i) => "`".repeat(i + 1)).join(" ")],
	["rules", "- - ".repeat(20_000)],
	["pipes", `${"|".repeat(20_000)}\n${"|-".repeat(20_000)}`],
	["addresses", "<http://a ".repeat(10_000)],
	["links", "[a](".repeat(20_000)],
])("%s of any number are read at once, and nothing of them is lost", (_, text) => {
	expect(drawn(text).childNodes.length).toBeGreaterThan(0);
});

test("what contains a text is marked", () => {
	const root = drawn("Loss **loss** `LOSS`, nothing");
	expect(mark(root, "loss")).toBe(3);
	expect([...root.querySelectorAll("mark")].map((one) => one.textContent)).toEqual([
		"Loss",
		"loss",
		"LOSS",
	]);
	expect(mark(drawn("<b>"), "<b>")).toBe(1);
	expect(mark(root, "")).toBe(0);
});
