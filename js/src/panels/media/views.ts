// How each kind of media is drawn in its card.

import { type HeatmapCells, magnitudeWithin } from "../../charts/heatmap/cells";
import { colormap } from "../../charts/heatmap/colormaps";
import { Heatmap } from "../../charts/heatmap/heatmap";
import type { ItemHost, ItemView } from "../../items/view";
import type { MediaKind, TensorSent } from "../../protocol/index.gen";
import { int16s } from "../../session/buffers";
import { formatCount, formatNumber, formatShape } from "../../ui/format";
import type { Comparison, MediaContent } from "./comparison";
import { ImageView } from "./image-view";
import { VideoView } from "./video-view";

type MediaView = ItemView<MediaContent>;

/** The view for a kind of media. */
export function mediaView(kind: string, host: ItemHost, comparison?: Comparison): MediaView {
	switch (kind as MediaKind) {
		case "image":
			return new ImageView(host, comparison);
		case "video":
			return new VideoView(host);
		case "tensor":
			return new TensorView(host);
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
