// How each kind of media is drawn in its card.

import { type HeatmapCells, magnitudeWithin } from "../../charts/heatmap/cells";
import { colormap } from "../../charts/heatmap/colormaps";
import { Heatmap } from "../../charts/heatmap/heatmap";
import { PictureView } from "../../items/picture-view";
import type { ItemHost, ItemView } from "../../items/view";
import type { ImageSent, MediaKind, TensorSent } from "../../protocol/index.gen";
import type { Answered } from "../../session/asker";
import { int16s } from "../../session/buffers";
import { element } from "../../ui/element";
import { formatCount, formatNumber, formatShape } from "../../ui/format";
import { VideoView } from "./video-view";

/** An item, and its buffer. */
export type MediaContent = Answered<"send_media">;
type MediaView = ItemView<MediaContent>;

/** The view for a kind of media. */
export function mediaView(kind: string, host: ItemHost): MediaView {
	switch (kind as MediaKind) {
		case "image":
			return new ImageView(host);
		case "video":
			return new VideoView(host);
		case "tensor":
			return new TensorView(host);
	}
}

class ImageView implements MediaView {
	readonly root: HTMLElement;
	private readonly picture: PictureView;
	private readonly captions = element("span", "nbviz-media-captions");

	constructor(host: ItemHost) {
		this.picture = new PictureView(host, this.captions);
		this.root = this.picture.root;
	}

	take(content: MediaContent): void {
		if (content.kind !== "image_sent") return;
		this.picture.take(content);
		this.showCaptions(content);
	}

	show(): { step: number; note: string } | undefined {
		return this.picture.show();
	}

	resize(width: number, height: number): void {
		this.picture.resize(width, height);
	}

	recolour(): void {}

	remove(): void {
		this.picture.remove();
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
		if (texts.length > 0) this.picture.image.alt += `: ${texts.join("; ")}`;
	}
}

function signOf(isRight: boolean | null): string {
	return isRight === null ? "" : isRight ? "✓ " : "✗ ";
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
