// Draws a scene as SVG and moves what is already there; text is only ever set as text.

import type { Point } from "../layout/level";
import { AUTOGRAD_TIES } from "./autograd";
import { ATTRIBUTE, ATTRIBUTE_ROOM, familyOf, HEADER, MARK } from "./box-text";
import type { View } from "./overview";
import type { Scene, SceneBox, SceneEdge } from "./scene";

const SVG = "http://www.w3.org/2000/svg";
const PAD = 12;

/** Creates an SVG element with attributes. */
export function svg<K extends keyof SVGElementTagNameMap>(
	tag: K,
	attributes: Record<string, string | number> = {},
	...children: Node[]
): SVGElementTagNameMap[K] {
	const made = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
	made.append(...children);
	return made;
}

/** Scenes of up to so many boxes are drawn whole; of larger ones, what is in sight. */
const WHOLE = 300;
/** With more boxes than this in sight the drawing leaves them to the canvas behind it. */
const MOST = 900;

export class Drawing {
	/** Holds everything; the camera moves it. */
	readonly world = svg("g", { class: "nbviz-graph-world" });
	private readonly blocks = svg("g");
	private readonly edges = svg("g", { class: "nbviz-graph-lines" });
	private readonly ties = svg("g", { class: "nbviz-graph-ties" });
	private readonly boxes = svg("g");
	private readonly drawnBoxes = new Map<string, { group: SVGGElement; looks: string }>();
	private readonly drawnLines = new Map<string, SVGGElement>();
	private scene: Scene | undefined;
	/** The part of the scene that is drawn, with some room around what was in sight. */
	private drawn: View | undefined;

	constructor() {
		this.world.append(this.blocks, this.edges, this.ties, this.boxes);
	}

	/** Whether there is too much in sight for elements. */
	isFar = false;

	/** Shows a scene; what was there before keeps its element, and so moves to its place by transition. */
	show(scene: Scene, view?: View): void {
		this.scene = scene;
		this.drawn = undefined;
		if (view) this.look(view);
		else this.draw(scene.boxes, scene.edges, scene);
	}

	/** Draws what has come into sight. Returns whether anything has changed. */
	look(view: View): boolean {
		const { scene, drawn } = this;
		if (!scene) return false;
		if (scene.boxes.length <= WHOLE) {
			if (drawn) return false;
			this.drawn = view;
			this.isFar = false;
			this.draw(scene.boxes, scene.edges, scene);
			return true;
		}
		const isSame = drawn && drawn.width < 4 * view.width && holds(drawn, view);
		if (isSame) return false;
		const around = widened(view);
		const boxes = scene.boxes.filter((box) => meets(around, box));
		this.drawn = around;
		this.isFar = boxes.length > MOST;
		const shown = this.isFar ? [] : boxes;
		const edges = this.isFar ? [] : scene.edges.filter((line) => passes(around, line.points));
		this.draw(shown, edges, scene);
		return true;
	}

	private draw(shown: readonly SceneBox[], through: readonly SceneEdge[], scene: Scene): void {
		const boxes = new Set<string>();
		const order: Record<"open" | "closed", SVGGElement[]> = { open: [], closed: [] };
		for (const box of shown) {
			boxes.add(box.node.node_id);
			order[box.open ? "open" : "closed"].push(this.drawBox(box));
		}
		for (const [id, { group }] of this.drawnBoxes) {
			if (boxes.has(id)) continue;
			group.remove();
			this.drawnBoxes.delete(id);
		}
		arrange(this.blocks, order.open);
		arrange(this.boxes, order.closed);
		const edges = new Set(through.map(({ id }) => id));
		for (const line of through) this.drawLine(line, scene.direction === "TB");
		for (const [id, group] of this.drawnLines) {
			if (edges.has(id)) continue;
			group.remove();
			this.drawnLines.delete(id);
		}
		this.ties.replaceChildren(
			...scene.ties
				.filter(({ from, to }) => boxes.has(from) || boxes.has(to))
				.map(({ path, names, from, to }) => {
					const title = svg("title");
					title.textContent = `Tied weights: ${names}`;
					const group = svg("g", { class: "nbviz-graph-tie", "data-from": from, "data-to": to });
					group.append(
						svg("path", { d: path, class: "nbviz-graph-reach" }),
						svg("path", { d: path }),
						title,
					);
					return group;
				}),
		);
	}

	/** Calls `change` with each element drawn and what it stands for. */
	eachBox(change: (group: SVGGElement, id: string) => void): void {
		for (const [id, { group }] of this.drawnBoxes) change(group, id);
	}

	eachLine(change: (group: SVGGElement, id: string) => void): void {
		for (const [id, group] of this.drawnLines) change(group, id);
	}

	private drawBox(box: SceneBox): SVGGElement {
		const { node, width, height, open } = box;
		const id = node.node_id;
		const looks = `${open}|${Math.round(width)}|${Math.round(height)}`;
		let drawn = this.drawnBoxes.get(id);
		if (drawn?.looks !== looks) {
			const group = drawn?.group ?? svg("g", { "data-node-id": id, "data-path": node.path });
			group.setAttribute(
				"class",
				`nbviz-graph-box nbviz-graph-${node.kind} nbviz-family-${familyOf(node)}`,
			);
			if (node.autograd) group.classList.add(`nbviz-autograd-${node.autograd}`);
			group.classList.toggle("nbviz-graph-open", open);
			group.dataset.depth = String(box.depth % 2);
			group.setAttribute("role", "treeitem");
			group.setAttribute("tabindex", "-1");
			group.setAttribute("aria-label", spoken(box));
			group.setAttribute("aria-level", String(box.depth + 1));
			if (node.child_count > 0) group.setAttribute("aria-expanded", String(open));
			group.replaceChildren(...contents(box));
			drawn = { group, looks };
			this.drawnBoxes.set(id, drawn);
		}
		drawn.group.style.transform = `translate(${box.x}px,${box.y}px)`;
		return drawn.group;
	}

	private drawLine(line: SceneEdge, down: boolean): void {
		let group = this.drawnLines.get(line.id);
		if (!group) {
			group = svg("g", { class: "nbviz-graph-line" });
			if (line.tie) group.classList.add(`nbviz-autograd-tie-${line.tie}`);
			const title = svg("title");
			const said = [line.shape, line.tie ? AUTOGRAD_TIES[line.tie] : ""];
			title.textContent = said.filter(Boolean).join(", ");
			group.append(svg("path", { class: "nbviz-graph-reach" }), svg("path"), title);
			if (line.arrives && line.tie !== "saved") {
				group.append(svg("path", { class: "nbviz-graph-arrow" }));
			}
			this.drawnLines.set(line.id, group);
			this.edges.append(group);
		}
		const path = curve(line.points, down);
		const [reach, visible] = group.querySelectorAll("path");
		reach?.setAttribute("d", path);
		visible?.setAttribute("d", path);
		const [x, y] = line.points[line.points.length - 1] ?? [0, 0];
		const arrow = group.querySelector(".nbviz-graph-arrow");
		arrow?.setAttribute(
			"d",
			down
				? `M${x - 4} ${y - 7}L${x} ${y}L${x + 4} ${y - 7}z`
				: `M${x - 7} ${y - 4}L${x} ${y}L${x - 7} ${y + 4}z`,
		);
	}
}

function meets(view: View, box: View): boolean {
	return (
		box.x < view.x + view.width &&
		box.x + box.width > view.x &&
		box.y < view.y + view.height &&
		box.y + box.height > view.y
	);
}

function holds(outer: View, inner: View): boolean {
	return (
		inner.x >= outer.x &&
		inner.y >= outer.y &&
		inner.x + inner.width <= outer.x + outer.width &&
		inner.y + inner.height <= outer.y + outer.height
	);
}

function widened({ x, y, width, height }: View): View {
	return { x: x - width / 2, y: y - height / 2, width: 2 * width, height: 2 * height };
}

function passes(view: View, points: readonly Point[]): boolean {
	const [first] = points;
	if (!first) return false;
	let [left, top] = first;
	let [right, bottom] = first;
	for (const [x, y] of points) {
		left = Math.min(left, x);
		right = Math.max(right, x);
		top = Math.min(top, y);
		bottom = Math.max(bottom, y);
	}
	return meets(view, { x: left, y: top, width: right - left + 1, height: bottom - top + 1 });
}

/** Puts elements in order without touching those that are in place, so that they keep the focus. */
function arrange(parent: SVGGElement, elements: readonly SVGGElement[]): void {
	let after: ChildNode | null = parent.firstChild;
	for (const element of elements) {
		if (element === after) after = after.nextSibling;
		else parent.insertBefore(element, after);
	}
}

function contents({ node, text, width, height, open }: SceneBox): SVGElement[] {
	const isModule = node.kind === "module";
	const radius = isModule ? 7 : 12;
	const made: SVGElement[] = [];
	const outline = (offset: number, name: string) =>
		svg("rect", { class: name, x: offset, y: offset, width, height, rx: radius });
	if (node.repeat > 1 && !open) {
		made.push(outline(6, "nbviz-graph-sheet"), outline(3, "nbviz-graph-sheet"));
	}
	made.push(outline(0, "nbviz-graph-outline"));
	for (const [i, [name, value]] of text.attributes.entries()) {
		const left = text.attributes.length - i;
		const y = height - ATTRIBUTE_ROOM - ATTRIBUTE * left + ATTRIBUTE - 4;
		made.push(words(name, PAD, y, "start", "nbviz-graph-soft"));
		made.push(words(value, width - PAD, y, "end", "nbviz-graph-soft"));
	}
	if (!isModule) {
		const gap = text.shape ? "start" : "middle";
		const x = text.shape ? PAD : width / 2;
		made.push(words(text.label, x, 16, gap, "nbviz-graph-label"));
		if (text.shape) made.push(words(text.shape, width - PAD, 16, "end", "nbviz-graph-soft"));
		return made;
	}
	if (node.child_count === 0) {
		made.push(
			svg("rect", {
				class: "nbviz-graph-family",
				x: 6,
				y: 8,
				width: 3,
				height: height - 16,
				rx: 1.5,
			}),
		);
	} else {
		const turn = open ? "M0 2.5 4 7 8 2.5z" : "M2 0 6.5 4 2 8z";
		made.push(
			svg("path", {
				class: "nbviz-graph-mark",
				d: turn,
				transform: `translate(${PAD - 2} ${open ? 10 : 13})`,
			}),
			svg("rect", { class: "nbviz-graph-opener", width: PAD + MARK, height: HEADER }),
		);
	}
	const left = PAD + 3 + (node.child_count > 0 ? MARK : 0);
	const first = words(text.label, left, open ? HEADER - 9.5 : 19, "start", "nbviz-graph-label");
	if (text.type) {
		const type = svg("tspan", { class: "nbviz-graph-soft", dx: 6 });
		type.textContent = text.type;
		first.append(type);
	}
	made.push(first);
	if (text.count) {
		made.push(words(text.count, width - PAD, open ? HEADER - 9.5 : 19, "end", "nbviz-graph-soft"));
	}
	if (!open) {
		if (text.detail) made.push(words(text.detail, left, 35, "start", "nbviz-graph-soft"));
		if (text.shape || node.child_count > 0) {
			made.push(words(text.shape, width - PAD, 35, "end", "nbviz-graph-soft nbviz-graph-shape"));
		}
	}
	return made;
}

function words(text: string, x: number, y: number, anchor: string, name: string): SVGTextElement {
	const made = svg("text", { class: name, x, y, "text-anchor": anchor });
	made.textContent = text;
	return made;
}

/** A smooth line through the points, which leaves and arrives along the direction of the graph. */
function curve(points: readonly Point[], down: boolean): string {
	const [first = [0, 0] as Point, ...rest] = points;
	let [x, y] = first;
	let path = `M${round(x)} ${round(y)}`;
	for (const [nextX, nextY] of rest) {
		const isStraight = down ? Math.abs(nextX - x) < 0.5 : Math.abs(nextY - y) < 0.5;
		if (isStraight) path += `L${round(nextX)} ${round(nextY)}`;
		else if (down) {
			const middle = round((y + nextY) / 2);
			path += `C${round(x)} ${middle} ${round(nextX)} ${middle} ${round(nextX)} ${round(nextY)}`;
		} else {
			const middle = round((x + nextX) / 2);
			path += `C${middle} ${round(y)} ${middle} ${round(nextY)} ${round(nextX)} ${round(nextY)}`;
		}
		[x, y] = [nextX, nextY];
	}
	return path;
}

function round(value: number): number {
	return Math.round(value * 10) / 10;
}

function spoken({ node, text }: SceneBox): string {
	const parts = [node.label, node.type === node.label ? "" : node.type, node.detail];
	if (text.shape) parts.push(text.shape);
	if (node.parameter_count > 0) parts.push(`${node.parameter_count} parameters`);
	parts.push(...text.attributes.map(([name, value]) => `${name}: ${value}`));
	return parts.filter(Boolean).join(", ");
}
