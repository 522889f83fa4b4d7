// What a window holds that is no plot: a text, an image or several, a sound, a video, fields.
import { element } from "../ui/element";
import type { Theme } from "../ui/theme";
import { safeNodes } from "./html";
import { field, isFile, numberOr, textOr, type WindowSpec } from "./spec";

/** Tells the kernel what a reader did to the window. */
export type Tell = (type: string, more?: Readonly<Record<string, unknown>>) => void;

export interface Content {
	readonly root: HTMLElement;
	take(spec: WindowSpec): void;
	/** Draws anew: at another size, or in other colours. */
	draw(theme: Theme): void;
	remove(): void;
}

abstract class Still implements Content {
	abstract readonly root: HTMLElement;
	abstract take(spec: WindowSpec): void;
	draw(): void {}
	remove(): void {
		this.root.remove();
	}
}

export class TextContent extends Still {
	readonly root = element("div", "nbviz-window-text");

	take({ content }: WindowSpec): void {
		const { root } = this;
		const isAtEnd = root.scrollTop + root.clientHeight >= root.scrollHeight - 4;
		root.replaceChildren(...safeNodes(textOr(content, "")));
		if (isAtEnd) root.scrollTop = root.scrollHeight;
	}
}

export class ImageContent extends Still {
	readonly root: HTMLElement;
	private readonly image = element("img", "nbviz-window-image", { alt: "", draggable: "false" });
	private readonly caption = element("p", "nbviz-window-caption");
	private readonly slider: HTMLInputElement;
	private readonly place = element("span", "nbviz-window-place");
	private images: readonly unknown[] = [];
	/** Which of them the window selected last; a reader may have chosen another one since. */
	private selected = Number.NaN;
	private zoom = 1;

	constructor(tell: Tell) {
		super();
		this.slider = element("input", "nbviz-window-slider", {
			type: "range",
			min: "0",
			step: "1",
			"aria-label": "Image",
		});
		const row = element("label", "nbviz-window-row", {}, this.slider, this.place);
		const frame = element("div", "nbviz-window-frame", {}, this.image);
		this.root = element("div", "nbviz-window-images", {}, frame, this.caption, row);
		this.slider.addEventListener("input", () => this.show(Number(this.slider.value)));
		this.image.addEventListener("click", (event) => {
			const at = pixelAt(this.image, event);
			if (at) tell("Click", { image_coord: at });
		});
		frame.addEventListener(
			"wheel",
			(event) => {
				if (!event.ctrlKey) return;
				event.preventDefault();
				this.zoomBy(Math.exp(-event.deltaY * 0.002));
			},
			{ passive: false },
		);
		frame.addEventListener("dblclick", () => this.zoomBy(1 / this.zoom));
	}

	take({ content, selected, show_slider }: WindowSpec): void {
		this.images = Array.isArray(content) ? content : [content];
		this.slider.max = String(this.images.length - 1);
		const hasSlider = Array.isArray(content) && show_slider !== false;
		(this.slider.parentElement as HTMLElement).hidden = !hasSlider;
		const last = this.selected;
		this.selected = numberOr(selected, this.images.length - 1);
		this.show(this.selected === last ? Number(this.slider.value) : this.selected);
	}

	private show(place: number): void {
		const at = Math.max(0, Math.min(this.images.length - 1, place));
		const one = this.images[at];
		const source = field(one, "src");
		const caption = textOr(field(one, "caption"), "");
		if (isFile(source)) this.image.src = source.url;
		this.image.alt = caption;
		this.caption.textContent = caption;
		this.caption.hidden = caption === "";
		this.slider.value = String(at);
		this.place.textContent = `${at + 1} of ${this.images.length}`;
	}

	private zoomBy(factor: number): void {
		this.zoom = Math.max(1, Math.min(20, this.zoom * factor));
		const { style } = this.image;
		const size = this.zoom === 1 ? "" : `${100 * this.zoom}%`;
		for (const name of ["width", "height", "max-width", "max-height"])
			style.setProperty(name, size);
	}
}

/** The pixel of an image that fills its element as far as it goes; undefined beside it. */
export function pixelAt(
	image: Pick<HTMLImageElement, "naturalWidth" | "naturalHeight" | "getBoundingClientRect">,
	{ clientX, clientY }: { clientX: number; clientY: number },
): { x: number; y: number } | undefined {
	const { left, top, width, height } = image.getBoundingClientRect();
	const { naturalWidth, naturalHeight } = image;
	const scale = Math.min(width / naturalWidth, height / naturalHeight);
	const x = Math.floor((clientX - left - (width - naturalWidth * scale) / 2) / scale);
	const y = Math.floor((clientY - top - (height - naturalHeight * scale) / 2) / scale);
	const isOn = x >= 0 && y >= 0 && x < naturalWidth && y < naturalHeight;
	return isOn ? { x, y } : undefined;
}

/** An SVG as an image, in which nothing runs. */
export class PictureContent extends Still {
	readonly root = element("div", "nbviz-window-frame");

	take({ content, title }: WindowSpec): void {
		const source = field(content, "src");
		const url = isFile(source) ? source.url : "";
		this.root.replaceChildren(
			element("img", "nbviz-window-image", { alt: textOr(title, "Picture"), src: url }),
		);
	}
}

/** A sound or a video. */
export class MediaContent extends Still {
	readonly root = element("div", "nbviz-window-frame");
	private url = "";

	constructor(private readonly kind: "audio" | "video") {
		super();
	}

	take({ content, title }: WindowSpec): void {
		const source = field(content, "src");
		if (!isFile(source) || source.url === this.url) return;
		this.url = source.url;
		const label = textOr(title, "") || this.kind;
		// Without an encoder for videos they come as an image that moves.
		const isImage = source.type.startsWith("image/");
		const made = isImage
			? element("img", "nbviz-window-image", { src: source.url, alt: label })
			: element(this.kind, "nbviz-window-media", {
					src: source.url,
					controls: "",
					"aria-label": label,
				});
		if (made instanceof HTMLMediaElement) {
			made.loop = field(content, "loop") === true;
			made.muted = field(content, "autoplay") === true;
			made.autoplay = field(content, "autoplay") === true;
		}
		this.root.replaceChildren(made);
	}
}

export class PropertiesContent extends Still {
	readonly root = element("div", "nbviz-window-properties");

	constructor(private readonly tell: Tell) {
		super();
	}

	take({ content }: WindowSpec): void {
		const fields = Array.isArray(content) ? content : [];
		// The field that is being typed in stays as it is.
		const active = (this.root.getRootNode() as Document).activeElement;
		const place = [...this.root.querySelectorAll("[data-property]")].indexOf(active as Element);
		const rows = fields.map((one, i) => {
			const row = this.root.children[i];
			return i === place && row ? row : this.row(one, i);
		});
		this.root.replaceChildren(...rows);
		if (place >= 0) (active as HTMLElement).focus();
	}

	private row(one: unknown, propertyId: number): HTMLElement {
		const name = textOr(field(one, "name"), "");
		const input = this.input(one, (value) => this.tell("PropertyUpdate", { propertyId, value }));
		input.dataset.property = String(propertyId);
		return element("label", "nbviz-window-property", {}, element("span", "", {}, name), input);
	}

	private input(one: unknown, changed: (value: unknown) => void): HTMLElement {
		const kind = textOr(field(one, "type"), "text");
		const value = field(one, "value");
		if (kind === "button") {
			const button = element("button", "nbviz-button", { type: "button" }, String(value ?? ""));
			button.addEventListener("click", () => changed("clicked"));
			return button;
		}
		if (kind === "select") {
			const select = element("select", "nbviz-window-input");
			const values = field(one, "values");
			for (const [i, text] of (Array.isArray(values) ? values : []).entries())
				select.append(element("option", "", { value: String(i) }, String(text)));
			select.value = String(value);
			select.addEventListener("change", () => changed(Number(select.value)));
			return select;
		}
		const input = element("input", "nbviz-window-input", { type: kind });
		if (kind === "checkbox") input.checked = value === true;
		else input.value = String(value ?? "");
		let told = input.value;
		const commit = () => {
			if (kind === "checkbox") changed(input.checked);
			else if (input.value !== told) {
				told = input.value;
				changed(told);
			}
		};
		input.addEventListener("change", commit);
		input.addEventListener("keydown", ({ key }) => {
			if (key === "Enter" && kind !== "checkbox") commit();
		});
		return input;
	}
}
