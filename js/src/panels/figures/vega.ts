// A chart of Altair, drawn by Vega. Its expressions are interpreted, never run as code, and it fetches nothing.
import type { Drawing, Room } from "./drawing";

type Embed = (root: HTMLElement, spec: object, options: object) => Promise<{ finalize(): void }>;
type Fields = Record<string, unknown>;

const refuse = () => Promise.reject(new Error("A figure fetches nothing from elsewhere."));
const LOADER = {
	load: refuse,
	http: refuse,
	file: refuse,
	sanitize: (uri: string) =>
		uri.startsWith("data:image/") ? Promise.resolve({ href: uri }) : refuse(),
};
const OPTIONS = {
	ast: true,
	mode: "vega-lite",
	actions: false,
	defaultStyle: false,
	renderer: "svg",
	loader: LOADER,
};
const COMPOSED = ["concat", "hconcat", "vconcat", "facet", "repeat"];
const FACETED = ["row", "column", "facet"];

export function vegaDrawing(library: unknown, root: HTMLElement): Drawing {
	const embed = library as Embed;
	let drawn: { finalize(): void } | undefined;
	return {
		async draw(chart, room) {
			drawn?.finalize();
			drawn = undefined;
			const inner = document.createElement("div");
			root.replaceChildren(inner);
			drawn = await embed(inner, vegaSpec(chart as Fields, room), OPTIONS);
			shrink(inner, room);
		},
		remove() {
			drawn?.finalize();
			root.replaceChildren();
		},
	};
}

/** The chart in the size of the room, if it is one that has a size: of several each has its own. */
export function vegaSpec(chart: Fields, { width, height }: Room): Fields {
	const encoding = Object(chart.encoding) as Fields;
	if (COMPOSED.some((name) => name in chart) || FACETED.some((name) => name in encoding))
		return chart;
	return { ...chart, width, height, autosize: { type: "fit", contains: "padding" } };
}

/** Shows what is larger than the room smaller; what is pointed at is found by its element. */
function shrink(inner: HTMLElement, { width, height }: Room): void {
	const svg = inner.querySelector("svg");
	if (!svg) return;
	const [wide, high] = [svg.width.baseVal.value, svg.height.baseVal.value];
	const scale = Math.min(1, width / wide, height / high);
	if (!(scale < 0.99)) return;
	svg.setAttribute("width", String(wide * scale));
	svg.setAttribute("height", String(high * scale));
}
