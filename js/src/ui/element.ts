// How elements are made everywhere: with attributes and text, never from HTML.

/** Creates an element with a class, attributes and children; text is never read as HTML. */
export function element<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	className = "",
	attributes: Record<string, string> = {},
	...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
	const made = document.createElement(tag);
	if (className) made.className = className;
	for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
	made.append(...children);
	return made;
}
