// A square plot from 0 to 1 along both sides, as SVG: lines, a point, and a diagonal to compare with.
import { element } from "../../ui/element";
import type { Point } from "./curves";

const [WIDTH, HEIGHT] = [260, 232];
const FRAME = { left: 44, top: 8, right: 10, bottom: 34 };
const SIDE = { x: WIDTH - FRAME.left - FRAME.right, y: HEIGHT - FRAME.top - FRAME.bottom };
const TICKS = [0, 0.25, 0.5, 0.75, 1];

export interface Line {
	readonly points: readonly Point[];
	/** A CSS colour. */
	readonly colour: string;
	/** What it is, for the one who points at it. */
	readonly title: string;
	readonly isFaint?: boolean;
	readonly isDashed?: boolean;
	/** Points are marked. */
	readonly hasMarks?: boolean;
}

export interface PlotOptions {
	readonly title: string;
	readonly x: string;
	readonly y: string;
	/** Where a curve of no use lies, or a perfect one. */
	readonly diagonal?: string;
	/** The pointer is at a place, 0 to 1 along both sides, with the button down. */
	choose?(point: Point): void;
}

export class Plot {
	readonly root: HTMLElement;
	private readonly svg = make("svg", {
		viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
		class: "nbviz-roc-plot",
		role: "img",
	});
	private readonly lines = make("g");
	private readonly label = element("figcaption", "nbviz-roc-title");

	constructor(private readonly options: PlotOptions) {
		this.label.textContent = options.title;
		this.root = element("figure", "nbviz-roc-figure", {}, this.label);
		this.root.append(this.svg);
		this.svg.append(...axes(options), this.lines);
		const { choose } = options;
		if (!choose) return;
		const point = (event: PointerEvent) => {
			if (event.buttons === 0) return;
			const box = this.svg.getBoundingClientRect();
			const x = ((event.clientX - box.left) * WIDTH) / box.width;
			const y = ((event.clientY - box.top) * HEIGHT) / box.height;
			choose([within((x - FRAME.left) / SIDE.x), within(1 - (y - FRAME.top) / SIDE.y)]);
		};
		this.svg.dataset.chooses = "true";
		this.svg.addEventListener("pointerdown", (event) => {
			this.svg.setPointerCapture(event.pointerId);
			point(event);
		});
		this.svg.addEventListener("pointermove", point);
	}

	/** Draws lines, the last ones above the others, and the point that is chosen. */
	show(lines: readonly Line[], note: string, chosen?: Point): void {
		this.label.replaceChildren(this.options.title, element("span", "nbviz-roc-note", {}, note));
		this.svg.setAttribute("aria-label", `${this.options.title}: ${note || "nothing to draw"}`);
		this.lines.replaceChildren(...lines.flatMap(drawn));
		if (chosen?.every(Number.isFinite)) {
			const [x, y] = placed(chosen);
			this.lines.append(make("circle", { cx: x, cy: y, r: "5", class: "nbviz-roc-chosen" }));
		}
	}
}

function drawn({ points, colour, title, isFaint, isDashed, hasMarks }: Line): SVGElement[] {
	const shown = points.filter((point) => point.every(Number.isFinite));
	if (shown.length === 0) return [];
	const path = make("path", {
		d: `M${shown.map((point) => placed(point).join(" ")).join("L")}`,
		class: "nbviz-roc-line",
		"data-faint": String(isFaint === true),
		"data-dashed": String(isDashed === true),
	});
	path.style.stroke = colour;
	const name = make("title");
	name.textContent = title;
	path.append(name);
	if (!hasMarks) return [path];
	return [
		path,
		...shown.map((point) => {
			const [x, y] = placed(point);
			const mark = make("circle", { cx: x, cy: y, r: "3" });
			mark.style.fill = colour;
			return mark;
		}),
	];
}

function axes({ x, y, diagonal }: PlotOptions): SVGElement[] {
	const parts: SVGElement[] = [];
	for (const tick of TICKS) {
		const [px, py] = placed([tick, tick]);
		const [left, top] = placed([0, 1]);
		const [right, bottom] = placed([1, 0]);
		parts.push(
			make("path", {
				d: `M${px} ${top}V${bottom}M${left} ${py}H${right}`,
				class: "nbviz-roc-grid",
			}),
			text(String(tick), { x: px, y: String(HEIGHT - FRAME.bottom + 13), "text-anchor": "middle" }),
			text(String(tick), {
				x: String(FRAME.left - 5),
				y: String(Number(py) + 3.5),
				"text-anchor": "end",
			}),
		);
	}
	if (diagonal) {
		const [a, b] = [placed([0, 0]), placed([1, 1])];
		const line = make("path", { d: `M${a.join(" ")}L${b.join(" ")}`, class: "nbviz-roc-diagonal" });
		const name = make("title");
		name.textContent = diagonal;
		line.append(name);
		parts.push(line);
	}
	const middle = String(FRAME.left + SIDE.x / 2);
	parts.push(text(x, { x: middle, y: String(HEIGHT - 5), "text-anchor": "middle" }));
	const up = `translate(9 ${FRAME.top + SIDE.y / 2}) rotate(-90)`;
	parts.push(text(y, { transform: up, "text-anchor": "middle" }));
	return parts;
}

function placed([x, y]: Point): [string, string] {
	return [(FRAME.left + x * SIDE.x).toFixed(1), (FRAME.top + (1 - y) * SIDE.y).toFixed(1)];
}

function text(content: string, attributes: Record<string, string>): SVGElement {
	const made = make("text", { class: "nbviz-roc-text", ...attributes });
	made.textContent = content;
	return made;
}

function make<K extends keyof SVGElementTagNameMap>(
	tag: K,
	attributes: Record<string, string> = {},
): SVGElementTagNameMap[K] {
	const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
	for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
	return made;
}

function within(share: number): number {
	return Math.min(1, Math.max(0, share));
}
