// One parameter: its name and shape, its picture, the scale of its colours, and its statistics.
import { type Colormap, colorIndex, type Palette } from "../../charts/heatmap/colormaps";
import { Heatmap, type HeatmapLook } from "../../charts/heatmap/heatmap";
import { element } from "../../ui/element";
import { formatCount, formatNumber, formatShape } from "../../ui/format";
import { panelIcon } from "../../ui/panel-icons";
import type { WeightsHeatmap } from "./state";

/** The heatmap's height in a row of the inspector, where the frame is as high; as in weights.css. */
const ROW_HEIGHT = 56;

export class WeightsCard {
	readonly root: HTMLElement;
	picture: WeightsHeatmap | undefined;
	private readonly heatmap: Heatmap;
	private readonly frame = element("div", "nbviz-weights-frame");
	private readonly tip = element("div", "nbviz-tip", { role: "status" });
	private readonly waiting = element("p", "nbviz-empty nbviz-weights-waiting");
	private readonly scale = element("canvas", "nbviz-scale-colors", { "aria-hidden": "true" });
	private readonly low = element("span", "nbviz-scale-low");
	private readonly zero = element("span", "nbviz-scale-zero");
	private readonly high = element("span", "nbviz-scale-high");
	private readonly legend = element(
		"div",
		"nbviz-scale",
		{},
		this.scale,
		element("div", "nbviz-scale-labels", {}, this.low, this.zero, this.high),
	);
	private readonly statistics = element("dl", "nbviz-statistics");
	private readonly values = new Map<string, HTMLElement>();
	private readonly nonfinite = element("span", "nbviz-weights-nonfinite");
	private readonly note = element("span", "nbviz-weights-note");
	private readonly step = element("span", "nbviz-weights-step");
	private readonly shape = element("span", "nbviz-weights-shape");
	private readonly resizes: ResizeObserver;

	constructor(
		readonly name: string,
		private readonly sizes: readonly number[],
	) {
		this.heatmap = new Heatmap((text, x, y) => this.point(text, x, y));
		this.tip.hidden = true;
		this.frame.append(this.heatmap.canvas, this.waiting, this.tip);
		for (const label of ["min", "mean", "max", "std"]) {
			const value = element("dd");
			this.values.set(label, value);
			this.statistics.append(element("div", "", {}, element("dt", "", {}, label), value));
		}
		this.root = element(
			"article",
			"nbviz-weights-card",
			{ "aria-label": name },
			element(
				"header",
				"nbviz-picture-head",
				{},
				// The end of a long name says which layer it is; it starts to the left of the box.
				element("span", "nbviz-picture-name", { title: name }, element("bdi", "", {}, name)),
				this.shape,
				this.enlargeButton(),
			),
			this.frame,
			this.legend,
			this.statistics,
			element("div", "nbviz-picture-foot", {}, this.step, this.note, this.nonfinite),
		);
		this.resizes = new ResizeObserver(() => this.fit());
		this.resizes.observe(this.frame);
		this.showParts(false);
		this.sayStep(false);
	}

	/** Says of which step the picture is where the view shows an earlier one: it may be another. */
	sayStep(isEarlier: boolean): void {
		const of = isEarlier && this.picture ? `step ${formatCount(this.picture.step)} · ` : "";
		const text = of + formatShape(this.sizes);
		if (this.shape.textContent !== text) this.shape.textContent = text;
	}

	remove(): void {
		this.resizes.disconnect();
		this.root.remove();
	}

	/** Says why there is no picture yet, or that none will come. */
	wait(comes: boolean): void {
		this.waiting.textContent = comes ? "Waiting for the next step…" : "No picture was kept";
	}

	show(picture: WeightsHeatmap, look: HeatmapLook): void {
		this.picture = picture;
		this.showParts(true);
		this.fit();
		this.heatmap.show(picture, look);
		this.heatmap.canvas.setAttribute("aria-label", summary(picture));
		this.drawScale(look.map, look.palette, look.limit, picture);
		const { minimum, mean, maximum, std } = picture;
		for (const [label, value] of Object.entries({ min: minimum, mean, max: maximum, std })) {
			const shown = this.values.get(label);
			if (shown) shown.textContent = formatNumber(value, 3);
		}
		this.nonfinite.hidden = picture.nonfinite === 0;
		this.nonfinite.replaceChildren(
			swatch(look.map.notANumber),
			`${formatCount(picture.nonfinite)} ${picture.nonfinite === 1 ? "value is" : "values are"} NaN or infinite`,
		);
		this.step.textContent = `step ${formatCount(picture.step)}`;
		this.note.textContent = whatIsShown(picture);
	}

	/** In the inspector a layer is one row until it is enlarged. */
	private enlargeButton(): HTMLElement {
		const label = `Enlarge ${this.name}`;
		const button = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-icon-button nbviz-weights-enlarge",
			{ type: "button", "aria-pressed": "false", title: label, "aria-label": label },
			panelIcon("expand"),
		);
		button.addEventListener("click", () => {
			const isEnlarged = this.root.dataset.enlarged !== "true";
			this.root.dataset.enlarged = String(isEnlarged);
			button.setAttribute("aria-pressed", String(isEnlarged));
		});
		return button;
	}

	private fit(): void {
		const { clientWidth, clientHeight } = this.frame;
		const isRow = clientHeight > 0 && clientHeight <= ROW_HEIGHT;
		const padding = Number.parseFloat(getComputedStyle(this.frame).paddingLeft) || 0;
		this.heatmap.resize(clientWidth - 2 * padding, isRow ? clientHeight : undefined);
	}

	private showParts(hasPicture: boolean): void {
		this.waiting.hidden = hasPicture;
		this.heatmap.canvas.hidden = !hasPicture;
		for (const part of [this.legend, this.statistics, this.step]) part.hidden = !hasPicture;
		if (!hasPicture) this.nonfinite.hidden = true;
	}

	private point(text: string, x: number, y: number): void {
		this.tip.hidden = text === "";
		if (text === "") return;
		this.tip.textContent = text;
		const width = this.tip.offsetWidth;
		const middle = x + this.heatmap.canvas.offsetLeft - width / 2;
		const left = Math.min(Math.max(0, middle), this.frame.clientWidth - width);
		const below = y + this.heatmap.canvas.offsetTop + 8;
		const isBelow = below + this.tip.offsetHeight < this.frame.clientHeight + 40;
		this.tip.style.left = `${left}px`;
		this.tip.style.top = isBelow
			? `${below}px`
			: `${Math.max(0, below - this.tip.offsetHeight - 34)}px`;
	}

	private drawScale(map: Colormap, palette: Palette, limit: number, picture: WeightsHeatmap): void {
		const context = this.scale.getContext("2d");
		this.scale.width = 255;
		this.scale.height = 1;
		if (context) {
			const image = context.createImageData(255, 1);
			for (let x = 0; x < 255; x += 1) {
				const value = palette === "magnitude" ? x / 254 : x / 127 - 1;
				const from = colorIndex(value, 1, palette) * 4;
				image.data.set(map.colors.subarray(from, from + 4), x * 4);
			}
			context.putImageData(image, 0, 0);
		}
		const isClipped =
			Math.max(Math.abs(picture.minimum), Math.abs(picture.maximum)) > limit * 1.001;
		const end = formatNumber(limit, 3);
		this.low.textContent = palette === "magnitude" ? "0" : `${isClipped ? "≤ " : ""}−${end}`;
		this.zero.textContent = palette === "magnitude" ? "" : "0";
		this.high.textContent = `${isClipped ? "≥ " : ""}${palette === "magnitude" ? "" : "+"}${end}`;
	}
}

function swatch(color: string): HTMLElement {
	const made = element("span", "nbviz-swatch");
	made.style.background = color;
	return made;
}

function whatIsShown(picture: WeightsHeatmap): string {
	const { shape, rows, columns, tile_rows, tile_columns, reduced } = picture;
	if (reduced > 1) return `a cell is the strongest of up to ${formatCount(reduced)} weights`;
	const filters = shape[0] ?? 1;
	if (tile_rows === 0 || tile_columns === 0) return "";
	const kernels =
		shape.reduce((product, length) => product * length, 1) / (tile_rows * tile_columns);
	const shown = ((rows / tile_rows) * (columns / tile_columns) * filters) / kernels;
	return shown < filters ? `the first ${Math.floor(shown)} of ${formatCount(filters)} filters` : "";
}

function summary({ name, shape, step, minimum, maximum, nonfinite }: WeightsHeatmap): string {
	const broken = nonfinite > 0 ? `, ${nonfinite} not finite` : "";
	return `Weights of ${name}, ${formatShape(shape)}, at step ${step}: from ${formatNumber(minimum)} to ${formatNumber(maximum)}${broken}`;
}
