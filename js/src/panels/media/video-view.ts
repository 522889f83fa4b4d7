// A video in its card: its frames come as one picture and are shown one at a time, played or scrubbed.
import type { ItemHost, ItemView } from "../../items/view";
import type { VideoSent } from "../../protocol/index.gen";
import type { Answered } from "../../session/asker";
import { element } from "../../ui/element";
import { counted, formatNumber } from "../../ui/format";
import { icon } from "../../ui/icons";

const CONTROLS = 30; // CSS pixels below the frames
const PIXELATED_FROM = 1.5; // screen pixels for one of the frame

export class VideoView implements ItemView<Answered<"send_media">> {
	readonly root: HTMLElement;
	private readonly canvas = document.createElement("canvas");
	private readonly strip = new Image();
	private readonly button: HTMLButtonElement;
	private readonly slider: HTMLInputElement;
	private readonly label = element("span");
	private url = "";
	private video: VideoSent | undefined;
	private frame = 0;
	private timer: ReturnType<typeof setInterval> | undefined;
	private room = { width: 0, height: 0 };

	constructor(private readonly host: ItemHost) {
		this.button = element("button", "nbviz-button nbviz-button-quiet nbviz-icon-button", {
			type: "button",
		});
		this.slider = element("input", "nbviz-slider", {
			type: "range",
			min: "0",
			step: "1",
			"aria-label": `Frame of ${host.tag}`,
			"data-lm-suppress-shortcuts": "true",
		});
		const controls = element(
			"div",
			"nbviz-video-controls",
			{},
			this.button,
			this.slider,
			this.label,
		);
		this.canvas.setAttribute("role", "img");
		this.root = element("div", "nbviz-video", {}, this.canvas, controls);
		this.button.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
		this.slider.addEventListener("input", () => {
			this.pause();
			this.go(Number(this.slider.value));
		});
		this.strip.addEventListener("load", () => this.draw());
		this.sayState();
	}

	take(content: Answered<"send_media">): void {
		if (content.kind !== "video_sent") return;
		this.video = content;
		const url = URL.createObjectURL(
			new Blob([content.bytes as DataView<ArrayBuffer>], { type: "image/png" }),
		);
		this.strip.src = url;
		URL.revokeObjectURL(this.url);
		this.url = url;
		this.slider.max = String(this.count - 1);
		this.go(Math.min(this.frame, this.count - 1));
		if (this.timer) this.play();
		this.fit();
	}

	show(): { step: number; note: string } | undefined {
		if (!this.video) return undefined;
		const { step, width, height, frames, fps, every, reduced } = this.video;
		const notes = [
			`${width} × ${height}`,
			`${counted(frames, "frame")}, ${formatNumber(fps)} a second`,
		];
		if (every > 1) notes.push(`1 of ${every} sent`);
		if (reduced > 1) notes.push(`sent at 1/${reduced}`);
		return { step, note: notes.join(", ") };
	}

	resize(width: number, height: number): void {
		this.room = { width, height: height - CONTROLS };
		this.fit();
	}

	recolour(): void {}

	remove(): void {
		clearInterval(this.timer);
		URL.revokeObjectURL(this.url);
	}

	/** Frames that came. */
	private get count(): number {
		return this.video ? Math.ceil(this.video.frames / this.video.every) : 1;
	}

	private play(): void {
		clearInterval(this.timer);
		const { fps = 1, every = 1 } = this.video ?? {};
		this.timer = setInterval(() => this.go((this.frame + 1) % this.count), (1000 * every) / fps);
		this.sayState();
	}

	private pause(): void {
		clearInterval(this.timer);
		this.timer = undefined;
		this.sayState();
	}

	private sayState(): void {
		const label = this.timer ? "Pause" : "Play";
		this.button.replaceChildren(icon(this.timer ? "pause" : "start"));
		this.button.title = label;
		this.button.setAttribute("aria-label", `${label} ${this.host.tag}`);
	}

	private go(frame: number): void {
		this.frame = frame;
		this.slider.value = String(frame);
		this.slider.style.setProperty("--filled", `${(100 * frame) / Math.max(1, this.count - 1)}%`);
		const { frames = 1, every = 1 } = this.video ?? {};
		const text = `${frame * every + 1} of ${frames}`;
		this.label.textContent = text;
		this.slider.setAttribute("aria-valuetext", text);
		this.canvas.setAttribute("aria-label", `${this.host.tag}, frame ${text}`);
		this.root.dataset.frame = String(frame);
		this.draw();
	}

	private draw(): void {
		const context = this.canvas.getContext("2d");
		if (!this.video || !context || !this.strip.complete || this.strip.naturalWidth === 0) return;
		const { columns, width, height, reduced } = this.video;
		const [w, h] = [Math.ceil(width / reduced), Math.ceil(height / reduced)];
		if (this.canvas.width !== w) this.canvas.width = w;
		if (this.canvas.height !== h) this.canvas.height = h;
		const left = (this.frame % columns) * w;
		const top = Math.floor(this.frame / columns) * h;
		context.drawImage(this.strip, left, top, w, h, 0, 0, w, h);
	}

	private fit(): void {
		if (!this.video || this.room.width <= 0) return;
		const { width, height } = this.video;
		const scale = Math.min(this.room.width / width, this.room.height / height);
		this.canvas.style.width = `${width * scale}px`;
		this.canvas.style.height = `${height * scale}px`;
		this.canvas.dataset.pixelated = String(scale >= PIXELATED_FROM);
	}
}
