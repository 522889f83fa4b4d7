// How each kind of media is drawn in its card. Nothing that was logged is read as HTML.

import { type HeatmapCells, magnitudeWithin } from "../../charts/heatmap/cells";
import { type Colormap, colormap } from "../../charts/heatmap/colormaps";
import { Heatmap } from "../../charts/heatmap/heatmap";
import { HistogramChart } from "../../charts/histogram-chart";
import { type HistogramColumn, mergeColumns, readColumns } from "../../charts/histogram-course";
import type { ItemHost, ItemView } from "../../items/view";
import type { ImageSent, MediaKind, TensorSent } from "../../protocol/index.gen";
import type { Answered } from "../../session/asker";
import { doubles, int16s } from "../../session/buffers";
import { placeAt } from "../../session/item-index";
import { element } from "../../ui/element";
import { formatCount, formatNumber, formatShape } from "../../ui/format";

/** An item, and its buffer. */
export type MediaContent = Answered<"send_media">;
type MediaView = ItemView<MediaContent>;

/** The view for a kind of media. */
export function mediaView(kind: string, host: ItemHost): MediaView {
	switch (kind as MediaKind) {
		case "image":
			return new ImageView(host);
		case "histogram":
			return new HistogramView(host);
		case "tensor":
			return new TensorView(host);
		case "text":
			return new TextView(host);
	}
}

const PIXELATED_FROM = 1.5; // screen pixels for one of the image

class ImageView implements MediaView {
	readonly root: HTMLButtonElement;
	private readonly image = element("img", "nbviz-media-image");
	private readonly captions = element("span", "nbviz-media-captions");
	private url = "";
	private shown: { step: number; note: string } | undefined;
	private size = { width: 0, height: 0 };
	private room = { width: 0, height: 0 };

	constructor(private readonly host: ItemHost) {
		this.root = element(
			"button",
			"nbviz-media-picture",
			{ type: "button", title: "Enlarge, and back" },
			element("span", "nbviz-media-captioned", {}, this.image, this.captions),
		);
		this.image.draggable = false;
		this.root.addEventListener("click", () => host.enlarge());
	}

	take(content: MediaContent): void {
		if (content.kind !== "image_sent") return;
		const { step, width, height, reduced, media_type } = content;
		const bytes = content.bytes as DataView<ArrayBuffer>;
		const url = URL.createObjectURL(new Blob([bytes], { type: media_type }));
		this.image.src = url;
		URL.revokeObjectURL(this.url);
		this.url = url;
		this.image.alt = `${this.host.tag} at step ${step}, ${width} × ${height} pixels`;
		this.size = { width, height };
		this.showCaptions(content);
		const smaller = reduced > 1 ? `, sent at 1/${reduced}` : "";
		this.shown = { step, note: `${width} × ${height}${smaller}` };
		this.fit();
	}

	show(): { step: number; note: string } | undefined {
		return this.shown;
	}

	resize(width: number, height: number): void {
		this.room = { width, height };
		this.fit();
	}

	recolour(): void {}

	remove(): void {
		URL.revokeObjectURL(this.url);
	}

	/** Right and wrong are told by a sign and an edge, as well as by colour. */
	private showCaptions({ captions, columns }: ImageSent): void {
		this.captions.style.setProperty("--columns", String(columns));
		this.captions.hidden = captions.length === 0;
		const texts = captions.map(({ text, is_right }) => `${signOf(is_right)}${text}`);
		this.captions.replaceChildren(
			...captions.map(({ is_right }, i) => {
				const text = texts[i] ?? "";
				return element(
					"span",
					"nbviz-media-caption",
					{ "data-right": String(is_right), title: text },
					element("span", "", {}, text),
				);
			}),
		);
		if (texts.length > 0) this.image.alt += `: ${texts.join("; ")}`;
	}

	private fit(): void {
		const { width, height } = this.size;
		if (width === 0 || this.room.width <= 0) return;
		const scale = Math.min(this.room.width / width, this.room.height / height);
		this.image.style.width = `${width * scale}px`;
		this.image.style.height = `${height * scale}px`;
		this.image.dataset.pixelated = String(scale >= PIXELATED_FROM);
	}
}

function signOf(isRight: boolean | null): string {
	return isRight === null ? "" : isRight ? "✓ " : "✗ ";
}

class HistogramView implements MediaView {
	readonly root: HTMLElement;
	private readonly chart: HistogramChart;
	private columns: HistogramColumn[] = [];
	private map: Colormap | undefined;
	private step = Number.POSITIVE_INFINITY;

	constructor(private readonly host: ItemHost) {
		this.chart = new HistogramChart(
			(text, x, y) => host.describe(text, x, y),
			(step) => host.choose(step),
		);
		this.root = this.chart.canvas;
	}

	get held(): number {
		return this.columns.at(-1)?.step ?? -1;
	}

	take(content: MediaContent): void {
		if (content.kind !== "histograms_sent") return;
		const newer = readColumns(content.histograms, doubles(content.bytes));
		this.columns = mergeColumns(this.columns, newer);
		this.draw();
	}

	show(step: number): { step: number; note: string } | undefined {
		if (step !== this.step) {
			this.step = step;
			this.draw();
		}
		const column = this.columns[this.place];
		if (!column) return undefined;
		const { mean, std, nonfinite } = column;
		const moments =
			mean === null ? "nothing finite" : `${formatNumber(mean, 3)} ± ${formatNumber(std ?? 0, 3)}`;
		const broken = nonfinite > 0 ? `, ${formatCount(nonfinite)} NaN or ∞` : "";
		this.chart.canvas.setAttribute(
			"aria-label",
			`Histograms of ${this.host.tag} over ${this.columns.length} steps; at step ${column.step} ${formatCount(column.count)} values, ${moments}${broken}`,
		);
		return { step: column.step, note: `${moments}${broken}` };
	}

	resize(width: number, height: number): void {
		this.chart.resize(width, height);
	}

	recolour(): void {
		this.map = undefined;
		this.draw();
	}

	remove(): void {}

	private get place(): number {
		return placeAt(
			this.columns.map(({ step }) => step),
			this.step,
		);
	}

	private draw(): void {
		if (this.columns.length === 0) return;
		const theme = this.host.theme();
		this.map ??= colormap("magnitude", theme);
		this.chart.show(this.columns, this.place, theme, this.map);
	}
}

type TensorPicture = HeatmapCells & Pick<TensorSent, "minimum" | "maximum" | "nonfinite">;

class TensorView implements MediaView {
	readonly root: HTMLElement;
	private readonly heatmap: Heatmap;
	private picture: TensorPicture | undefined;

	constructor(private readonly host: ItemHost) {
		this.heatmap = new Heatmap((text, x, y) => host.describe(text, x, y));
		this.root = this.heatmap.canvas;
	}

	take(content: MediaContent): void {
		if (content.kind !== "tensor_sent") return;
		this.picture = { ...content, name: content.tag, cells: int16s(content.bytes) };
		this.recolour();
	}

	show(): { step: number; note: string } | undefined {
		if (!this.picture) return undefined;
		const { step, shape, minimum, maximum, nonfinite } = this.picture;
		const range = `${formatNumber(minimum, 3)} to ${formatNumber(maximum, 3)}`;
		const broken = nonfinite > 0 ? `, ${formatCount(nonfinite)} NaN or ∞` : "";
		const note = `${formatShape(shape)}, ${range}${broken}`;
		this.root.setAttribute("aria-label", `${this.host.tag} at step ${step}: ${note}`);
		return { step, note };
	}

	resize(width: number): void {
		this.heatmap.resize(width);
	}

	recolour(): void {
		if (!this.picture) return;
		const theme = this.host.theme();
		this.heatmap.show(this.picture, {
			map: colormap("sign", theme),
			palette: "sign",
			limit: magnitudeWithin(this.picture, 1),
			theme,
		});
	}

	remove(): void {}
}

class TextView implements MediaView {
	readonly root: HTMLElement;
	private shown: { step: number; note: string } | undefined;

	constructor(host: ItemHost) {
		this.root = element("pre", "nbviz-media-text", {
			tabindex: "0",
			"data-lm-suppress-shortcuts": "true",
			"aria-label": host.tag,
		});
	}

	take(content: MediaContent): void {
		if (content.kind !== "text_sent") return;
		this.root.textContent = content.text;
		const { step, omitted } = content;
		this.shown = { step, note: omitted > 0 ? `${formatCount(omitted)} more characters` : "" };
	}

	show(): { step: number; note: string } | undefined {
		return this.shown;
	}

	resize(): void {}

	recolour(): void {}

	remove(): void {}
}
