// The drawing as a file: SVG with its styles inside, or PNG.
import { svg } from "./drawing";
import type { Scene } from "./scene";

const MARGIN = 16;
const STYLED = [
	"fill",
	"fill-opacity",
	"stroke",
	"stroke-width",
	"stroke-dasharray",
	"opacity",
	"font-size",
	"font-weight",
	"font-family",
];

/** The whole scene as a standalone SVG, in the colours that it has now. */
export function toSvg(world: SVGGElement, scene: Scene, background: string): string {
	const width = Math.ceil(scene.width + 2 * MARGIN);
	const height = Math.ceil(scene.height + 2 * MARGIN);
	const copy = world.cloneNode(true) as SVGGElement;
	inline(world, copy);
	copy.setAttribute("style", "");
	copy.setAttribute("transform", `translate(${MARGIN} ${MARGIN})`);
	const file = svg("svg", {
		xmlns: "http://www.w3.org/2000/svg",
		width,
		height,
		viewBox: `0 0 ${width} ${height}`,
	});
	file.append(svg("rect", { width, height, fill: background || "white" }), copy);
	return new XMLSerializer().serializeToString(file);
}

function inline(from: Element, to: Element): void {
	const style = getComputedStyle(from);
	const { transform } = (from as SVGElement).style;
	to.removeAttribute("class");
	to.setAttribute("style", "");
	for (const name of STYLED) {
		const value = style.getPropertyValue(name);
		if (value) to.setAttribute(name, value);
	}
	if (transform) to.setAttribute("transform", transform.replaceAll("px", ""));
	for (const [i, child] of [...from.children].entries()) {
		const twin = to.children[i];
		if (twin) inline(child, twin);
	}
}

/** The same as PNG, twice as fine as the screen. */
export async function toPng(text: string): Promise<Blob> {
	const image = new Image();
	image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
	await image.decode();
	const canvas = document.createElement("canvas");
	const scale = Math.min(2, 8000 / Math.max(image.width, image.height));
	canvas.width = image.width * scale;
	canvas.height = image.height * scale;
	canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
	return new Promise((resolve, reject) => {
		canvas.toBlob((blob) =>
			blob ? resolve(blob) : reject(new Error("The picture is too large for PNG; save it as SVG.")),
		);
	});
}

/** Offers a file to the user. */
export function save(content: Blob, name: string): void {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(content);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
