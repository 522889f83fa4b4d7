// What a chart is drawn with: the same strokes go to a canvas or, as real vectors, to SVG.

/** Points as x, y, x, y …; a NaN lifts the pen. */
export class Path {
	length = 0;
	xy = new Float64Array(2048);

	clear(): this {
		this.length = 0;
		return this;
	}

	add(x: number, y: number): void {
		if (this.length + 2 > this.xy.length) {
			const larger = new Float64Array(2 * this.xy.length);
			larger.set(this.xy);
			this.xy = larger;
		}
		this.xy[this.length] = x;
		this.xy[this.length + 1] = y;
		this.length += 2;
	}

	lift(): void {
		if (this.length > 0 && !Number.isNaN(this.xy[this.length - 1])) {
			this.add(Number.NaN, Number.NaN);
		}
	}
}

export interface Stroke {
	readonly color: string;
	/** In the drawing's own units. */
	readonly width: number;
	readonly alpha: number;
	readonly dash?: readonly number[];
}

export interface Pen {
	line(path: Path, stroke: Stroke): void;
	/** Fills boxes, given as left, top, width, height after one another; they do not overlap. */
	boxes(path: Path, color: string, alpha: number): void;
	/** Fills a closed outline. */
	fill(path: Path, color: string, alpha: number): void;
	/** Writes a name that begins at a place, or ends there. */
	name(text: string, x: number, y: number, look: NameLook): void;
}

export interface NameLook {
	readonly color: string;
	/** CSS family. */
	readonly font: string;
	/** In the drawing's own units. */
	readonly size: number;
	readonly ends: boolean;
}

/** Numbers in a piece of a line: 32 points. */
const PIECE = 64;

export class CanvasPen implements Pen {
	constructor(private readonly context: CanvasRenderingContext2D) {}

	line(path: Path, { color, width, alpha, dash = [] }: Stroke): void {
		const { context } = this;
		context.globalAlpha = alpha;
		context.strokeStyle = color;
		context.lineWidth = width;
		// Round joins of thousands of short segments would take most of a frame.
		context.lineJoin = "bevel";
		context.setLineDash([...dash]);
		if (dash.length > 0) {
			this.trace(path, 0, path.length);
			context.stroke();
			return;
		}
		// One path of thousands of segments takes far longer to fill in than the same in pieces.
		for (let start = 0; start < path.length; start += PIECE) {
			this.trace(path, start, Math.min(path.length, start + PIECE + 2));
			context.stroke();
		}
	}

	boxes({ xy, length }: Path, color: string, alpha: number): void {
		const { context } = this;
		context.globalAlpha = alpha;
		context.fillStyle = color;
		for (let i = 0; i < length; i += 4) {
			context.fillRect(xy[i] ?? 0, xy[i + 1] ?? 0, xy[i + 2] ?? 0, xy[i + 3] ?? 0);
		}
	}

	fill(path: Path, color: string, alpha: number): void {
		this.context.globalAlpha = alpha;
		this.context.fillStyle = color;
		this.trace(path, 0, path.length);
		this.context.fill();
	}

	name(text: string, x: number, y: number, { color, font, size, ends }: NameLook): void {
		const { context } = this;
		context.globalAlpha = 1;
		context.fillStyle = color;
		context.font = `600 ${size}px ${font}`;
		context.textAlign = ends ? "right" : "left";
		context.textBaseline = "alphabetic";
		context.fillText(text, x, y);
	}

	private trace({ xy }: Path, start: number, end: number): void {
		const { context } = this;
		context.beginPath();
		let isDown = false;
		for (let i = start; i < end; i += 2) {
			const x = xy[i] ?? 0;
			const y = xy[i + 1] ?? 0;
			if (Number.isNaN(x)) isDown = false;
			else if (isDown) context.lineTo(x, y);
			else {
				context.moveTo(x, y);
				isDown = true;
			}
		}
	}
}

export class SvgPen implements Pen {
	readonly parts: string[] = [];

	name(text: string, x: number, y: number, { color, size, ends }: NameLook): void {
		const anchor = ends ? ' text-anchor="end"' : "";
		this.text(x, y, text, color, ` font-size="${size}" font-weight="600"${anchor}`);
	}

	line(path: Path, { color, width, alpha, dash = [] }: Stroke): void {
		const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.join(" ")}"` : "";
		this.parts.push(
			`<path d="${outline(path)}" fill="none" stroke="${escapeXml(color)}" stroke-width="${width}" stroke-opacity="${alpha}" stroke-linejoin="round"${dashes}/>`,
		);
	}

	boxes({ xy, length }: Path, color: string, alpha: number): void {
		let d = "";
		for (let i = 0; i < length; i += 4) {
			const [x = 0, y = 0, width = 0, height = 0] = xy.subarray(i, i + 4).map(round);
			d += `M${x} ${y}h${width}v${height}h${-width}z`;
		}
		this.parts.push(`<path d="${d}" fill="${escapeXml(color)}" fill-opacity="${alpha}"/>`);
	}

	fill(path: Path, color: string, alpha: number): void {
		this.parts.push(
			`<path d="${outline(path)}" fill="${escapeXml(color)}" fill-opacity="${alpha}"/>`,
		);
	}

	text(x: number, y: number, text: string, color: string, attributes = ""): void {
		this.parts.push(
			`<text x="${round(x)}" y="${round(y)}" fill="${escapeXml(color)}"${attributes}>${escapeXml(text)}</text>`,
		);
	}
}

/** Text as it may stand in an SVG's text or attribute. */
export function escapeXml(text: string): string {
	const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
	return text.replace(/[&<>"]/g, (character) => names[character] ?? character);
}

function outline({ xy, length }: Path): string {
	let d = "";
	let isDown = false;
	for (let i = 0; i < length; i += 2) {
		const x = xy[i] ?? 0;
		if (Number.isNaN(x)) isDown = false;
		else {
			d += `${isDown ? "L" : "M"}${round(x)} ${round(xy[i + 1] ?? 0)}`;
			isDown = true;
		}
	}
	return d;
}

function round(value: number): number {
	return Math.round(value * 100) / 100;
}
