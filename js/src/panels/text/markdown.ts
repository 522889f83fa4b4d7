// Markdown as a tree: the part of it that people write in notes and models write in answers. There is no HTML
// in it, so none can come out of it; what is no Markdown is text. Each line of a paragraph stays a line.

export type Inline =
	| { readonly kind: "text"; readonly text: string }
	| { readonly kind: "code"; readonly text: string }
	| { readonly kind: "break" }
	| { readonly kind: "strong" | "em" | "del"; readonly children: readonly Inline[] }
	| { readonly kind: "link"; readonly href: string; readonly children: readonly Inline[] };

export type Align = "left" | "center" | "right" | "";

export type Block =
	| { readonly kind: "heading"; readonly level: number; readonly children: readonly Inline[] }
	| { readonly kind: "paragraph"; readonly children: readonly Inline[] }
	| { readonly kind: "code"; readonly text: string }
	| { readonly kind: "quote"; readonly blocks: readonly Block[] }
	| {
			readonly kind: "list";
			readonly start: number | undefined;
			readonly items: readonly ListItem[];
	  }
	| {
			readonly kind: "table";
			readonly align: readonly Align[];
			readonly rows: readonly (readonly (readonly Inline[])[])[];
	  }
	| { readonly kind: "rule" };

export interface ListItem {
	/** Undefined where it is no task. */
	readonly isDone: boolean | undefined;
	readonly blocks: readonly Block[];
}

const DEEPEST = 12; // quotes, lists and emphasis within each other

/** Reads a text. */
export function parseMarkdown(text: string): Block[] {
	return blocksOf(text.split("\n"), 0);
}

// -------------------------------------------------------------------- blocks

const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?: (.*))?$/;
const RULE = /^ {0,3}(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const MARKER = /^( {0,3})([-*+]|\d{1,9}[.)])( +|$)/;
const CELL_RULE = /^:?-+:?$/;

function isBlank(line: string): boolean {
	return line.trim() === "";
}

/** Whether a line ends the paragraph before it. */
function begins(line: string): boolean {
	return (
		FENCE.test(line) ||
		HEADING.test(line) ||
		RULE.test(line) ||
		QUOTE.test(line) ||
		MARKER.test(line)
	);
}

function blocksOf(lines: readonly string[], depth: number): Block[] {
	const blocks: Block[] = [];
	const at = (index: number) => lines[index] ?? "";
	let i = 0;
	if (depth > DEEPEST) return [{ kind: "code", text: lines.join("\n") }];
	while (i < lines.length) {
		const line = at(i);
		if (isBlank(line)) {
			i += 1;
			continue;
		}
		const fence = FENCE.exec(line)?.[1];
		const heading = HEADING.exec(line);
		const marker = MARKER.exec(line);
		if (fence) {
			const end = closing(lines, i + 1, fence);
			blocks.push({ kind: "code", text: lines.slice(i + 1, end).join("\n") });
			i = end + 1;
		} else if (heading) {
			const text = (heading[2] ?? "").trim().replace(/ #{1,6}$/, "");
			blocks.push({ kind: "heading", level: heading[1]?.length ?? 1, children: inlineOf(text) });
			i += 1;
		} else if (RULE.test(line)) {
			blocks.push({ kind: "rule" });
			i += 1;
		} else if (QUOTE.test(line)) {
			const start = i;
			while (i < lines.length && QUOTE.test(at(i))) i += 1;
			const inner = lines.slice(start, i).map((one) => one.replace(QUOTE, ""));
			blocks.push({ kind: "quote", blocks: blocksOf(inner, depth + 1) });
		} else if (marker) {
			const [list, next] = listAt(lines, i, depth);
			blocks.push(list);
			i = next;
		} else if (line.startsWith("    ")) {
			const start = i;
			while (i < lines.length && (isBlank(at(i)) || at(i).startsWith("    "))) i += 1;
			const inner = lines.slice(start, i).map((one) => one.slice(4));
			blocks.push({ kind: "code", text: inner.join("\n").trimEnd() });
		} else if (line.includes("|") && alignmentOf(at(i + 1))?.length === cellsOf(line).length) {
			const start = i;
			i += 2;
			while (i < lines.length && at(i).includes("|") && !begins(at(i))) i += 1;
			const rows = [line, ...lines.slice(start + 2, i)];
			const align = alignmentOf(at(start + 1)) ?? [];
			blocks.push({
				kind: "table",
				align,
				rows: rows.map((row) => {
					const cells = cellsOf(row);
					return align.map((_, column) => inlineOf(cells[column] ?? ""));
				}),
			});
		} else {
			const start = i;
			i += 1;
			while (i < lines.length && !isBlank(at(i)) && !begins(at(i)) && !/^=+$/.test(at(i))) i += 1;
			const children = inlineOf(
				lines
					.slice(start, i)
					.map((one) => one.trimStart())
					.join("\n"),
			);
			if (/^=+$/.test(at(i))) {
				blocks.push({ kind: "heading", level: 1, children });
				i += 1;
			} else blocks.push({ kind: "paragraph", children });
		}
	}
	return blocks;
}

/** The line that closes a fence, or where the lines end. */
function closing(lines: readonly string[], from: number, fence: string): number {
	for (let i = from; i < lines.length; i += 1) {
		const line = (lines[i] ?? "").trim();
		if (line.length >= fence.length && line === fence.charAt(0).repeat(line.length)) return i;
	}
	return lines.length;
}

/** A list, and the line after it. */
function listAt(lines: readonly string[], from: number, depth: number): [Block, number] {
	const items: ListItem[] = [];
	const first = MARKER.exec(lines[from] ?? "");
	const kind = kindOf(first?.[2] ?? "");
	const start = kind === "1" ? Number.parseInt(first?.[2] ?? "1", 10) : undefined;
	let i = from;
	while (i < lines.length) {
		const marker = MARKER.exec(lines[i] ?? "");
		if (!marker || kindOf(marker[2] ?? "") !== kind || RULE.test(lines[i] ?? "")) break;
		const indent = Math.min(
			marker[0].length,
			(marker[1] ?? "").length + (marker[2] ?? "").length + 1,
		);
		const inner = [(lines[i] ?? "").slice(marker[0].length)];
		i += 1;
		while (i < lines.length) {
			const line = lines[i] ?? "";
			const isInside = line.startsWith(" ".repeat(indent));
			// A blank line stays where the item goes on after it.
			const goesOn = isBlank(line) && (lines[i + 1] ?? "").startsWith(" ".repeat(indent));
			const isLazy = !isBlank(line) && !begins(line) && !isBlank(inner.at(-1) ?? "");
			if (!isInside && !goesOn && !isLazy) break;
			inner.push(isInside ? line.slice(indent) : line.trimStart());
			i += 1;
		}
		const task = /^\[([ xX])\] /.exec(inner[0] ?? "");
		if (task) inner[0] = (inner[0] ?? "").slice(task[0].length);
		items.push({
			isDone: task ? task[1] !== " " : undefined,
			blocks: blocksOf(inner, depth + 1),
		});
		while (isBlank(lines[i] ?? "x") && MARKER.test(lines[i + 1] ?? "")) i += 1;
	}
	return [{ kind: "list", start, items }, i];
}

function kindOf(marker: string): string {
	return /^\d/.test(marker) ? "1" : marker;
}

function cellsOf(row: string): string[] {
	const text = row.trim();
	const cells: string[] = [];
	let cell = "";
	for (let i = 0; i < text.length; i += 1) {
		if (text.startsWith("\\|", i)) {
			cell += "|";
			i += 1;
		} else if (text[i] === "|") {
			if (i > 0) cells.push(cell.trim());
			cell = "";
		} else cell += text[i];
	}
	if (!text.endsWith("|") || text.endsWith("\\|")) cells.push(cell.trim());
	return cells;
}

function alignmentOf(row: string): Align[] | undefined {
	const cells = cellsOf(row);
	if (!row.includes("-") || !row.includes("|") || !cells.every((cell) => CELL_RULE.test(cell)))
		return undefined;
	return cells.map((cell) => {
		const [left, right] = [cell.startsWith(":"), cell.endsWith(":")];
		return left && right ? "center" : right ? "right" : left ? "left" : "";
	});
}

// -------------------------------------------------------------------- within a block

const ESCAPED = /[!-/:-@[-`{-~]/;
const DELIMITERS = [
	["**", "strong"],
	["__", "strong"],
	["~~", "del"],
	["*", "em"],
	["_", "em"],
] as const;
const ADDRESS = /^https?:\/\/[^\s<>]+/;

/** Reads what is within a block. */
export function inlineOf(text: string, depth = 0): Inline[] {
	const found: Inline[] = [];
	let plain = "";
	const flush = () => {
		if (plain) found.push({ kind: "text", text: plain });
		plain = "";
	};
	const put = (inline: Inline) => {
		flush();
		found.push(inline);
	};
	/** Delimiters of which there is no other one in what is left. */
	const missing = new Set<string>();
	let i = 0;
	while (i < text.length) {
		const character = text[i] ?? "";
		if (character === "\n") {
			plain = plain.trimEnd();
			put({ kind: "break" });
			i += 1;
		} else if (character === "\\" && ESCAPED.test(text[i + 1] ?? "")) {
			plain += text[i + 1];
			i += 2;
		} else if (character === "`") {
			let ticks = "`";
			while (text[i + ticks.length] === "`") ticks += "`";
			const end = missing.has(ticks) ? -1 : text.indexOf(ticks, i + ticks.length);
			if (end < 0) {
				missing.add(ticks);
				plain += ticks;
				i += ticks.length;
			} else {
				const code = text.slice(i + ticks.length, end).replaceAll("\n", " ");
				put({ kind: "code", text: /^ .*\S.* $/.test(code) ? code.slice(1, -1) : code });
				i = end + ticks.length;
			}
		} else if ((character === "[" || text.startsWith("![", i)) && depth < DEEPEST) {
			const link = missing.has("](") ? undefined : linkAt(text, i);
			if (link === undefined && text.indexOf("](", i) < 0) missing.add("](");
			if (link) {
				const label = link.isImage ? `image: ${link.label || link.href}` : link.label;
				put({ kind: "link", href: link.href, children: inlineOf(label, depth + 1) });
				i = link.end;
			} else {
				plain += character;
				i += 1;
			}
		} else if (character === "<" || character === "h") {
			const offset = character === "<" ? 1 : 0;
			const address = ADDRESS.exec(text.slice(i + offset, i + offset + 2000))?.[0];
			const isWhole =
				offset === 1 ? text[i + 1 + (address?.length ?? 0)] === ">" : !/\w$/.test(plain);
			if (address && isWhole) {
				const href = offset ? address : address.replace(/[.,:;!?'")\]]{1,4}$/, "");
				put({ kind: "link", href, children: [{ kind: "text", text: href }] });
				i += href.length + 2 * offset;
			} else {
				plain += character;
				i += 1;
			}
		} else {
			const emphasis = depth < DEEPEST ? emphasisAt(text, i, missing) : undefined;
			if (emphasis) {
				const { kind, start, end, size } = emphasis;
				put({ kind, children: inlineOf(text.slice(start, end), depth + 1) });
				i = end + size;
			} else {
				plain += character;
				i += 1;
			}
		}
	}
	flush();
	return found;
}

function emphasisAt(text: string, at: number, missing: Set<string>) {
	for (const [mark, kind] of DELIMITERS) {
		if (!text.startsWith(mark, at) || missing.has(mark)) continue;
		const start = at + mark.length;
		if (/\s/.test(text[start] ?? " ")) continue;
		// `snake_case` has no emphasis.
		if (mark[0] === "_" && /\w/.test(text[at - 1] ?? "")) continue;
		const end = endOf(text, start, mark);
		if (end === undefined) missing.add(mark);
		else return { kind, start, end, size: mark.length };
	}
	return undefined;
}

/** Where an emphasis ends; undefined where it does not. */
function endOf(text: string, start: number, mark: string): number | undefined {
	for (let end = text.indexOf(mark, start + 1); end >= 0; end = text.indexOf(mark, end + 1)) {
		const isAfterSpace = /\s/.test(text[end - 1] ?? "");
		const isInWord = mark[0] === "_" && /\w/.test(text[end + mark.length] ?? "");
		// A single mark does not end at a double one.
		const isLonger = mark.length === 1 && (text[end + 1] === mark || text[end - 1] === mark);
		if (isLonger) end += 1;
		else if (!isAfterSpace && !isInWord && text[end - 1] !== "\\") return end;
	}
	return undefined;
}

/** A link or an image that begins at a place. */
function linkAt(text: string, at: number) {
	const isImage = text[at] === "!";
	const open = at + (isImage ? 1 : 0);
	const middle = text.indexOf("](", open);
	if (middle < 0) return undefined;
	const label = text.slice(open + 1, middle);
	if (label.length > 1000 || label.includes("\n\n")) return undefined;
	// A bracket in between begins a link of its own.
	if (label.includes("[") && !label.startsWith("![")) return undefined;
	const close = text.indexOf(")", middle + 2);
	if (close < 0 || close - middle > 2000) return undefined;
	const [href = ""] = text
		.slice(middle + 2, close)
		.trim()
		.split(/\s/);
	return { isImage, label, href: href.replace(/^<|>$/g, ""), end: close + 1 };
}
