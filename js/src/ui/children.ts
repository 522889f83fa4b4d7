// An element's children, changed without touching those that stay: one that is taken out and put in
// again loses its focus, its place, an open list and a click that has begun on it.

/** Makes these the only children, in this order. */
export function keepChildren(parent: Element, nodes: readonly Node[]): void {
	const kept = new Set(nodes);
	for (const node of [...parent.childNodes]) if (!kept.has(node)) node.remove();
	let at = parent.firstChild;
	for (const node of nodes) {
		if (node === at) at = at.nextSibling;
		else parent.insertBefore(node, at);
	}
}

/**
 * Makes the children look like these, and leaves each that does already. What a click on one does
 * must depend on how it looks alone.
 */
export function showChildren(parent: Element, nodes: readonly Node[]): void {
	const before = [...parent.childNodes];
	keepChildren(
		parent,
		nodes.map((node, i) => (before[i]?.isEqualNode(node) ? (before[i] as Node) : node)),
	);
}

/** Lists options in a select, and chooses one; a list that is open stays so while nothing changes. */
export function showOptions(
	select: HTMLSelectElement,
	options: readonly HTMLOptionElement[],
	value: string,
): void {
	showChildren(select, options);
	if (select.value !== value) select.value = value;
}
