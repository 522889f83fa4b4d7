// One window on the page: its title, its content, and what a reader does to it.
import { element } from "../ui/element";
import type { Theme } from "../ui/theme";
import {
	type Content,
	ImageContent,
	MediaContent,
	PictureContent,
	PropertiesContent,
	type Tell,
	TextContent,
} from "./contents";
import { EmbeddingsContent } from "./embeddings";
import { NetworkContent } from "./network";
import type { Plot, PlotDrawing } from "./plots/drawing";
import { drawingOf, type Family, familyOf } from "./plots/plot";
import { field, type Layout, numberOr, type Trace, textOr, titleOf, type WindowSpec } from "./spec";
import type { ShownWindow } from "./store";
import { shortTex } from "./tex";

/** CSS pixels of a window whose size is not said. */
export const WIDTH = 340;
const HEIGHT = 280;
const TEXT_HEIGHT = 140;
const LEAST = 120;
const LEAST_PICTURE = 190;
const PICTURES: readonly string[] = ["image", "image_history", "svg", "video"];
const FIELD = 34;
/** Of the window around its content: the title and the edges. */
const TITLE = 34;
const EDGES = 18;
/** Below a picture. */
const CAPTION = 22;
const SLIDER = 26;

/** How much of the page a window wants, in CSS pixels. */
export interface Size {
	readonly width: number;
	readonly height: number;
	/** Where it gets another width: a picture keeps its shape. */
	readonly heightAt: (width: number) => number;
}

export class Pane {
	readonly root: HTMLElement;
	private readonly title = element("h4", "nbviz-window-title");
	private readonly body = element("div", "nbviz-window-body");
	private readonly head: HTMLElement;
	private readonly close: HTMLElement;
	private readonly tell: Tell;
	private content: Content | undefined;
	private kind = "";
	private shown: ShownWindow | undefined;
	/** What the content has taken. */
	private taken: ShownWindow | undefined;
	private isSeen = false;
	private isDue = true;
	private theme: Theme | undefined;
	private readonly seen: IntersectionObserver;
	private readonly sized: ResizeObserver;

	constructor(
		private readonly env: string,
		private readonly win: string,
		tell: (event: Readonly<Record<string, unknown>>) => void,
		isLive: boolean,
	) {
		this.tell = (event_type, more = {}) =>
			tell({ event_type, eid: this.env, target: this.win, more });
		const close = element(
			"button",
			"nbviz-window-close",
			{ type: "button", "aria-label": "Close the window", title: "Close" },
			"×",
		);
		close.hidden = !isLive;
		close.addEventListener("click", () => this.tell("Close"));
		this.close = close;
		this.head = element("div", "nbviz-window-head", {}, this.title, close);
		this.root = element("section", "nbviz-window", { tabindex: "0" }, this.head, this.body);
		this.root.dataset.win = win;
		// Keys and clicks in a window are the reader's, not the notebook's.
		this.root.dataset.lmSuppressShortcuts = "true";
		this.root.addEventListener("keydown", (event) => this.key(event));
		this.seen = new IntersectionObserver((entries) => {
			this.isSeen = entries.some((entry) => entry.isIntersecting);
			this.draw();
		});
		this.seen.observe(this.root);
		this.sized = new ResizeObserver(() => this.redraw());
		this.sized.observe(this.body);
	}

	get size(): Size {
		const { spec } = this.shown ?? {};
		const layout = field(spec?.content, "layout");
		const width = numberOr(spec?.width ?? field(layout, "width"), WIDTH);
		const height = numberOr(spec?.height ?? field(layout, "height"), usualHeight(spec));
		const isPicture = PICTURES.includes(spec?.type ?? "") && numberOr(spec?.width, 0) > 0;
		if (!isPicture) {
			const wanted = Math.max(spec?.type === "audio" ? 0 : LEAST, height);
			return { width: Math.max(LEAST, width), height: wanted, heightAt: () => wanted };
		}
		const around = TITLE + EDGES + belowPicture(spec);
		const heightAt = (given: number) =>
			Math.max(LEAST, Math.min(1, (given - EDGES) / width) * height + around);
		const wide = Math.max(LEAST_PICTURE, width + EDGES);
		return { width: wide, height: heightAt(wide), heightAt };
	}

	get name(): string {
		const { spec } = this.shown ?? {};
		return titleOf(spec?.title) || titleOf(field(field(spec?.content, "layout"), "title"));
	}

	take(shown: ShownWindow, theme: Theme): void {
		this.theme = theme;
		if (shown === this.shown) return; // of a snapshot with the same number, its files have new URLs
		this.shown = shown;
		this.root.setAttribute("aria-label", this.name || this.win);
		this.root.dataset.number = String(shown.number);
		this.title.textContent = shortTex(this.name);
		this.head.hidden = this.name === "" && this.close.hidden;
		this.redraw();
	}

	recolour(theme: Theme): void {
		this.theme = theme;
		this.redraw();
	}

	remove(): void {
		this.seen.disconnect();
		this.sized.disconnect();
		this.content?.remove();
		this.root.remove();
	}

	private redraw(): void {
		this.isDue = true;
		this.draw();
	}

	/** Draws what is on the screen: the page may have hundreds of windows. */
	private draw(): void {
		const { shown, theme } = this;
		if (!this.isDue || !this.isSeen || !shown || !theme) return;
		this.isDue = false;
		const kind = kindOf(shown.spec);
		if (kind !== this.kind || !this.content) {
			this.content?.remove();
			this.content = contentOf(kind, this.tell);
			this.taken = undefined;
			this.kind = kind;
			this.root.dataset.kind = kind;
			this.body.replaceChildren(this.content.root);
		}
		try {
			if (shown !== this.taken) this.content.take(shown.spec);
			this.taken = shown;
			this.content.draw(theme);
		} catch (error) {
			// The other windows are drawn all the same.
			const said = `This window could not be drawn: ${String(error)}`;
			this.body.replaceChildren(element("p", "nbviz-window-note", { role: "alert" }, said));
			this.kind = "";
		}
		this.root.dataset.drawn = String(shown.number);
	}

	private key(event: KeyboardEvent): void {
		const { target } = event;
		const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
		if (isTyping || event.ctrlKey || event.metaKey || event.key === "Tab") return;
		this.tell("KeyPress", { key: event.key, key_code: event.keyCode });
		event.stopPropagation();
		if (event.key === "Backspace" || event.key === " ") event.preventDefault();
	}
}

function usualHeight(spec: WindowSpec | undefined): number {
	if (spec?.type === "text") return TEXT_HEIGHT;
	if (spec?.type !== "properties" || !Array.isArray(spec.content)) return HEIGHT;
	return TITLE + EDGES + FIELD * spec.content.length;
}

function belowPicture(spec: WindowSpec | undefined): number {
	const { content } = spec ?? {};
	const images = Array.isArray(content) ? content : [content];
	const hasCaption = images.some((one) => textOr(field(one, "caption"), "") !== "");
	return (hasCaption ? CAPTION : 0) + (Array.isArray(content) ? SLIDER : 0);
}

/** The kind of content; of plots the family of their traces. */
function kindOf(spec: WindowSpec): string {
	return spec.type === "plot" ? `plot-${familyOf(plotOf(spec))}` : spec.type;
}

function plotOf({ content, title }: WindowSpec): Plot {
	const layout = (field(content, "layout") ?? {}) as Layout;
	const traces = (field(content, "data") ?? []) as readonly Trace[];
	return { traces, layout, title: titleOf(title) || titleOf(layout.title) };
}

function contentOf(kind: string, tell: Tell): Content {
	switch (kind) {
		case "text":
			return new TextContent();
		case "image":
		case "image_history":
			return new ImageContent(tell);
		case "svg":
			return new PictureContent();
		case "audio":
		case "video":
			return new MediaContent(kind);
		case "properties":
			return new PropertiesContent(tell);
		case "network":
			return new NetworkContent();
		case "embeddings":
			return new EmbeddingsContent(tell);
		default:
			return new PlotContent(drawingOf(kind.replace("plot-", "") as Family));
	}
}

class PlotContent implements Content {
	readonly root: HTMLElement;

	constructor(private readonly drawing: PlotDrawing) {
		this.root = drawing.root;
	}

	take(spec: WindowSpec): void {
		this.drawing.take(plotOf(spec));
	}

	draw(theme: Theme): void {
		this.drawing.draw(theme);
	}

	remove(): void {
		this.drawing.remove();
	}
}
