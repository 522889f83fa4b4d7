// HTML that was logged, as far as it formats: elements are made anew from a list of tags, with the few
// attributes that cannot run or fetch anything. The text is parsed in a document that is never shown.
import { element } from "../ui/element";

const TAGS: ReadonlySet<string> = new Set([
	...["a", "abbr", "b", "big", "blockquote", "br", "caption", "center", "code", "col", "colgroup"],
	...["dd", "del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "font"],
	...["h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "mark", "ol", "p", "pre"],
	...["q", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "summary", "sup"],
	...["table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var"],
]);
/** Whose content is no text for a reader. */
const DROPPED: ReadonlySet<string> = new Set([
	...["script", "style", "template", "noscript", "iframe", "object", "embed", "head", "title"],
]);
const STYLES: readonly string[] = [
	...["color", "background-color", "font-size", "font-style", "font-weight", "text-align"],
	...["text-decoration", "white-space", "font-family", "width", "padding", "margin", "border"],
];
const SPANS = ["colspan", "rowspan"];
const DEEPEST = 60;

/** The nodes of a text of HTML; tags that are not known are left out, their content is not. */
export function safeNodes(html: string): Node[] {
	const parsed = new DOMParser().parseFromString(html, "text/html");
	return [...parsed.body.childNodes].flatMap((node) => copied(node, 0));
}

function copied(node: Node, depth: number): Node[] {
	if (node.nodeType === Node.TEXT_NODE) return [document.createTextNode(node.nodeValue ?? "")];
	if (node.nodeType !== Node.ELEMENT_NODE || depth > DEEPEST) return [];
	const given = node as Element;
	const tag = given.localName;
	if (DROPPED.has(tag)) return [];
	if (tag === "svg") return [picture(given)];
	if (tag === "img") return image(given);
	const children = [...given.childNodes].flatMap((child) => copied(child, depth + 1));
	if (!TAGS.has(tag)) return children;
	const made = element(tag as "span");
	made.append(...children);
	copyAttributes(given, made);
	return [made];
}

function copyAttributes(from: Element, to: HTMLElement): void {
	const address = from.getAttribute("href") ?? "";
	if (from.localName === "a" && /^(https?|mailto):/i.test(address.trim())) {
		to.setAttribute("href", address.trim());
		to.setAttribute("target", "_blank");
		to.setAttribute("rel", "noopener noreferrer");
	}
	for (const name of SPANS) {
		const count = Number(from.getAttribute(name));
		if (Number.isInteger(count) && count > 1 && count < 1000) to.setAttribute(name, String(count));
	}
	const colour = from.getAttribute("color");
	if (colour) to.style.color = colour;
	const align = from.getAttribute("align");
	if (align) to.style.textAlign = align;
	for (const [name, value] of declarations(from.getAttribute("style") ?? "")) {
		// What fetches, or reaches out of the window, is not among the names or has a function.
		if (STYLES.includes(name) && !/url|expression|image|\\|@|var\(/i.test(value))
			to.style.setProperty(name, value);
	}
}

function declarations(style: string): [string, string][] {
	return style.split(";").map((one) => {
		const [name = "", ...value] = one.split(":");
		return [name.trim().toLowerCase(), value.join(":").trim()];
	});
}

/** An image whose data the text holds; of another one its description. */
function image(given: Element): Node[] {
	const source = (given.getAttribute("src") ?? "").trim();
	const alt = given.getAttribute("alt") ?? "";
	if (!/^data:image\/(png|jpeg|jpg|gif|webp|svg\+xml)[;,]/i.test(source))
		return [document.createTextNode(alt || "[image left out: it is not in the text]")];
	const made = element("img", "", { src: source, alt });
	for (const side of ["width", "height"]) {
		const pixels = Number.parseInt(given.getAttribute(side) ?? "", 10);
		if (pixels > 0 && pixels < 4096) made.setAttribute(side, String(pixels));
	}
	return [made];
}

/** An SVG as an image: nothing in it runs, and nothing is fetched. */
function picture(given: Element): Node {
	const copy = given.cloneNode(true) as Element;
	copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
	const text = new XMLSerializer().serializeToString(copy);
	return element("img", "", { alt: "", src: `data:image/svg+xml,${encodeURIComponent(text)}` });
}
