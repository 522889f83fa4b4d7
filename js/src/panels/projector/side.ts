// What stands beside the cloud: colours, the selection, and the point that was clicked.
import { cssOf } from "../../charts/space/colours";
import { element } from "../../ui/element";
import { formatCount, formatNumber } from "../../ui/format";
import type { Legend } from "./looks";

const MOST_CATEGORIES = 200; // rows of the legend
const SHOWN_COPIED_MS = 1500;

export interface SideHost {
	/** Shows or hides a category; `alone` shows it and no other, or all again. */
	toggle(category: number, alone: boolean): void;
	clearSelection(): void;
	/** The selected points as they were logged, rising. */
	selectedPoints(): number[];
	choose(point: number): void;
	setMetric(metric: "cosine" | "euclidean"): void;
}

/** A point in words: its number, its labels by name, and its image. */
export interface PointWords {
	readonly point: number;
	readonly number: number;
	readonly labels: readonly (readonly [string, string])[];
	readonly image: ImageBitmap | undefined;
}

export interface Neighbours {
	readonly metric: "cosine" | "euclidean";
	/** Where they were looked for, such as "64 dimensions". */
	readonly where: string;
	readonly points: readonly { readonly point: number; readonly text: string }[];
}

export class Side {
	readonly root: HTMLElement;
	private readonly legend = element("section", "nbviz-projector-legend", {
		"aria-label": "Colours",
	});
	private readonly selection = element("section", "nbviz-projector-selection", {
		"aria-label": "Selection",
	});
	private readonly detail = element("section", "nbviz-projector-detail", {
		"aria-label": "Chosen point",
		"aria-live": "polite",
	});

	constructor(private readonly host: SideHost) {
		this.root = element(
			"div",
			"nbviz-projector-side",
			{},
			this.selection,
			this.detail,
			this.legend,
		);
		this.showSelection(0, "");
		this.showPoint(undefined, undefined);
	}

	showLegend(
		title: string,
		{ colours, categories, range }: Legend,
		hidden: ReadonlySet<number>,
	): void {
		if (range) {
			const stops = colours.slice(0, -1).map(cssOf).join(", ");
			const bar = element("div", "nbviz-projector-scale");
			bar.style.background = `linear-gradient(to right, ${stops})`;
			const [least, most] = range.map((value) => formatNumber(value, 3));
			this.legend.replaceChildren(
				heading(title),
				bar,
				element(
					"div",
					"nbviz-projector-ends",
					{},
					element("span", "", {}, least ?? ""),
					element("span", "", {}, most ?? ""),
				),
			);
			return;
		}
		const rows = categories
			.map((one, place) => ({ ...one, place }))
			.slice(0, MOST_CATEGORIES)
			.map(({ name, colour, count, place }) => {
				const row = element(
					"button",
					"nbviz-projector-category",
					{
						type: "button",
						"aria-pressed": String(!hidden.has(place)),
						title: `${name}: ${formatCount(count)} points. Click to show or hide, double-click to show it alone`,
					},
					element("span", "nbviz-swatch"),
					element("bdi", "", {}, name || "(empty)"),
					element("span", "nbviz-projector-count", {}, formatCount(count)),
				);
				const swatch = row.querySelector<HTMLElement>(".nbviz-swatch");
				const shown = colours[colour];
				if (swatch && shown) swatch.style.background = cssOf(shown);
				row.addEventListener("click", (event) => this.host.toggle(place, event.detail > 1));
				return row;
			});
		const more = categories.length - rows.length;
		const notes = [
			...(more > 0 ? [`${formatCount(more)} more are not listed`] : []),
			...(categories.length > colours.length ? [`colours come again after ${colours.length}`] : []),
		];
		this.legend.replaceChildren(
			...(rows.length > 0 ? [heading(title), ...rows] : []),
			...(notes.length > 0 ? [element("p", "nbviz-projector-note", {}, notes.join("; "))] : []),
		);
	}

	showSelection(count: number, code: string): void {
		this.selection.hidden = count === 0;
		this.selection.dataset.count = String(count);
		if (count === 0) return;
		const copy = small("Copy as a Python list");
		copy.addEventListener("click", () => {
			const text = `[${this.host.selectedPoints().join(", ")}]`;
			const say = (answer: string) => {
				copy.textContent = answer;
				setTimeout(() => {
					copy.textContent = "Copy as a Python list";
				}, SHOWN_COPIED_MS);
			};
			// A page that is not served securely has no clipboard.
			const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("none"));
			written.then(
				() => say("Copied"),
				() => say("Not allowed here"),
			);
		});
		const clear = small("Clear");
		clear.addEventListener("click", () => this.host.clearSelection());
		this.selection.replaceChildren(
			heading(`${formatCount(count)} selected`),
			...(code ? [element("code", "nbviz-projector-code", {}, code)] : []),
			element("div", "nbviz-projector-buttons", {}, copy, clear),
		);
	}

	showPoint(words: PointWords | undefined, neighbours: Neighbours | string | undefined): void {
		this.detail.hidden = words === undefined;
		if (!words) return;
		const rows = words.labels.map(([name, text]) =>
			element(
				"div",
				"nbviz-projector-label",
				{},
				element("span", "", {}, name),
				element("bdi", "", {}, text),
			),
		);
		this.detail.replaceChildren(
			heading(`Point ${formatCount(words.number)}`),
			...(words.image ? [picture(words.image, 84)] : []),
			...rows,
			...this.neighbours(neighbours),
		);
	}

	private neighbours(neighbours: Neighbours | string | undefined): HTMLElement[] {
		if (neighbours === undefined) return [];
		if (typeof neighbours === "string")
			return [element("p", "nbviz-projector-note", {}, neighbours)];
		const metric = element(
			"select",
			"nbviz-select",
			{ "aria-label": "Distance" },
			...["cosine", "euclidean"].map((one) => element("option", "", { value: one }, one)),
		);
		metric.value = neighbours.metric;
		metric.addEventListener("change", () =>
			this.host.setMetric(metric.value as "cosine" | "euclidean"),
		);
		const rows = neighbours.points.map(({ point, text }) => {
			const row = element("button", "nbviz-projector-neighbour", { type: "button" }, text);
			row.addEventListener("click", () => this.host.choose(point));
			return row;
		});
		return [
			element("div", "nbviz-projector-nearest", {}, heading("Nearest"), metric),
			...rows,
			element("p", "nbviz-projector-note", {}, neighbours.where),
		];
	}
}

/** An image of a point, enlarged without being blurred. */
export function picture(image: ImageBitmap, side: number): HTMLCanvasElement {
	const scale = Math.max(1, Math.floor(side / Math.max(image.width, image.height)));
	const canvas = element("canvas", "nbviz-projector-image", {
		width: String(image.width),
		height: String(image.height),
		"aria-hidden": "true",
	});
	canvas.style.width = `${image.width * scale}px`;
	canvas.style.height = `${image.height * scale}px`;
	canvas.getContext("2d")?.drawImage(image, 0, 0);
	return canvas;
}

function heading(text: string): HTMLElement {
	return element("h4", "nbviz-projector-heading", {}, text);
}

function small(text: string): HTMLButtonElement {
	return element("button", "nbviz-button nbviz-button-small", { type: "button" }, text);
}
