// Strokes as real vectors of an SVG document.
import type { Path, Pen, Stroke } from "../lines/pen";

export class SvgPen implements Pen {
	readonly parts: string[] = [];

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
