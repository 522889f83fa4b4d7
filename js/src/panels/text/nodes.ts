// Markdown as elements of the page. Nothing is read as HTML, no image is loaded, and only addresses of the web
// and of mail become links.
import { element } from "../../ui/element";
import type { Block, Inline } from "./markdown";

/** The elements of blocks. */
export function nodesOf(blocks: readonly Block[]): Node[] {
	return blocks.map(blockNode);
}

function blockNode(block: Block): Node {
	switch (block.kind) {
		case "heading": {
			// The panel's own title is an h3.
			const level = Math.min(6, block.level + 3) as 4 | 5 | 6;
			const attributes = { "data-level": String(block.level) };
			return element(`h${level}`, "", attributes, ...block.children.map(inlineNode));
		}
		case "paragraph":
			return element("p", "", {}, ...block.children.map(inlineNode));
		case "code":
			return element("pre", "", {}, element("code", "", {}, block.text));
		case "quote":
			return element("blockquote", "", {}, ...nodesOf(block.blocks));
		case "rule":
			return element("hr");
		case "list": {
			const items = block.items.map(({ isDone, blocks }) => {
				const task = isDone === undefined ? [] : [isDone ? "☑ " : "☐ "];
				// What is one paragraph stands on the marker's line.
				const [only] = blocks;
				const content =
					only?.kind === "paragraph"
						? [...only.children.map(inlineNode), ...nodesOf(blocks.slice(1))]
						: nodesOf(blocks);
				return element("li", task.length > 0 ? "nbviz-task" : "", {}, ...task, ...content);
			});
			if (block.start === undefined) return element("ul", "", {}, ...items);
			return element("ol", "", { start: String(block.start) }, ...items);
		}
		case "table": {
			const [head = [], ...body] = block.rows;
			const row = (tag: "th" | "td", cells: readonly (readonly Inline[])[]) =>
				element(
					"tr",
					"",
					{},
					...cells.map((cell, i) => {
						const made = element(tag, "", {}, ...cell.map(inlineNode));
						made.style.textAlign = block.align[i] ?? "";
						return made;
					}),
				);
			const table = element(
				"table",
				"",
				{},
				element("thead", "", {}, row("th", head)),
				element("tbody", "", {}, ...body.map((cells) => row("td", cells))),
			);
			return element("div", "nbviz-text-table", {}, table);
		}
	}
}

function inlineNode(inline: Inline): Node {
	switch (inline.kind) {
		case "text":
			return document.createTextNode(inline.text);
		case "code":
			return element("code", "", {}, inline.text);
		case "break":
			return element("br");
		case "link": {
			const href = safeAddress(inline.href);
			const children = inline.children.map(inlineNode);
			if (href === undefined) return element("span", "", { title: inline.href }, ...children);
			const attributes = { href, title: href, rel: "noopener noreferrer", target: "_blank" };
			return element("a", "", attributes, ...children);
		}
		default:
			return element(inline.kind, "", {}, ...inline.children.map(inlineNode));
	}
}

/** An address that a click may open; undefined for any other, such as `javascript:`. */
export function safeAddress(href: string): string | undefined {
	try {
		const { protocol, href: whole } = new URL(href);
		return ["http:", "https:", "mailto:"].includes(protocol) ? whole : undefined;
	} catch {
		return undefined;
	}
}

const MOST_MARKS = 1000;

/** Marks what contains a text, in any case of its letters; returns how often it was found. */
export function mark(root: Node, query: string): number {
	const wanted = query.toLowerCase();
	if (wanted === "") return 0;
	const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
	const texts: Text[] = [];
	while (walker.nextNode()) texts.push(walker.currentNode as Text);
	let count = 0;
	for (const text of texts) {
		let rest = text;
		for (;;) {
			// Some letters are longer in lower case.
			const lower = rest.data.toLowerCase();
			const at =
				lower.length === rest.data.length ? lower.indexOf(wanted) : rest.data.indexOf(query);
			if (at < 0 || count >= MOST_MARKS) break;
			const found = rest.splitText(at);
			rest = found.splitText(wanted.length);
			found.replaceWith(element("mark", "", {}, found.data));
			count += 1;
		}
	}
	return count;
}
