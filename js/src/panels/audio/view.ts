// One sound in its card: its wave or spectrogram, with what plays it.
import { type Colormap, colorIndex, colormap } from "../../charts/heatmap/colormaps";
import type { ItemHost, ItemView } from "../../items/view";
import type { Answered } from "../../session/asker";
import { element } from "../../ui/element";
import { formatCount, formatNumber } from "../../ui/format";
import { icon } from "../../ui/icons";
import { framesOf, peaks, readWave, type Spectrogram, spectrogram, type Wave } from "./wave";

export type AudioContent = Answered<"send_audio">;
export type Form = "wave" | "spectrogram";

/** What is chosen for all sounds of a panel. */
export interface Shown {
	form: Form;
}

const CONTROLS = 30; // CSS pixels below the drawing
const SEEK = 0.05; // of the sound, by an arrow key

export class SoundView implements ItemView<AudioContent> {
	readonly root: HTMLElement;
	private readonly canvas = document.createElement("canvas");
	private readonly player = document.createElement("audio");
	private readonly button: HTMLButtonElement;
	private readonly clock = element("span");
	private readonly size = { width: 0, height: 0 };
	private url = "";
	private shown: { step: number; note: string } | undefined;
	private wave: Wave | undefined;
	private spectrum: Spectrogram | undefined;
	private picture: HTMLCanvasElement | undefined;
	private frame = 0;

	constructor(
		private readonly host: ItemHost,
		private readonly choice: Shown,
	) {
		this.button = element("button", "nbviz-button nbviz-button-quiet nbviz-icon-button", {
			type: "button",
		});
		this.canvas.tabIndex = 0;
		this.canvas.setAttribute("role", "slider");
		this.canvas.setAttribute("aria-valuemin", "0");
		// JupyterLab moves between cells by the arrow keys.
		this.canvas.dataset.lmSuppressShortcuts = "true";
		this.canvas.title = "A click plays from there; Space plays and pauses, arrows go back and on";
		const controls = element("div", "nbviz-sound-controls", {}, this.button, this.clock);
		this.root = element("div", "nbviz-sound", {}, this.canvas, controls);
		this.listen();
		this.sayState();
	}

	take(content: AudioContent): void {
		const { step, sample_rate, channels, frames } = content;
		const file = content.bytes as DataView<ArrayBuffer>;
		this.player.pause();
		this.wave = readWave(file);
		this.spectrum = undefined;
		const url = URL.createObjectURL(new Blob([file], { type: "audio/wav" }));
		this.player.src = url;
		URL.revokeObjectURL(this.url);
		this.url = url;
		const there = framesOf(this.wave);
		const rate = `${formatNumber(sample_rate / 1000, 4)} kHz`;
		const kind = channels === 1 ? "mono" : channels === 2 ? "stereo" : `${channels} channels`;
		const cut = there < frames ? `the first ${seconds(there / sample_rate)} of ` : "";
		this.shown = { step, note: `${cut}${seconds(frames / sample_rate)}, ${rate}, ${kind}` };
		const words = `${this.host.tag} at step ${step}: ${this.shown.note}`;
		this.canvas.setAttribute("aria-label", words);
		this.recolour();
	}

	show(): { step: number; note: string } | undefined {
		return this.shown;
	}

	resize(width: number, height: number): void {
		if (width <= 0 || (width === this.size.width && height === this.size.height)) return;
		Object.assign(this.size, { width, height });
		this.recolour();
	}

	recolour(): void {
		this.picture = undefined;
		this.draw();
		this.sayState();
	}

	remove(): void {
		cancelAnimationFrame(this.frame);
		this.player.pause();
		this.player.removeAttribute("src");
		URL.revokeObjectURL(this.url);
	}

	private get duration(): number {
		return this.wave ? framesOf(this.wave) / this.wave.sampleRate : 0;
	}

	private listen(): void {
		const { player, canvas } = this;
		this.button.addEventListener("click", () => this.toggle());
		for (const name of ["play", "pause", "ended"]) {
			player.addEventListener(name, () => {
				this.sayState();
				this.follow();
			});
		}
		player.addEventListener("seeked", () => this.follow());
		canvas.addEventListener("click", (event) => {
			this.seek((event.offsetX / Math.max(1, canvas.clientWidth)) * this.duration);
			if (player.paused) this.toggle();
		});
		canvas.addEventListener("keydown", (event) => {
			const by = SEEK * this.duration;
			const acts: Readonly<Record<string, () => void>> = {
				" ": () => this.toggle(),
				Enter: () => this.toggle(),
				ArrowLeft: () => this.seek(player.currentTime - by),
				ArrowRight: () => this.seek(player.currentTime + by),
				Home: () => this.seek(0),
				End: () => this.seek(this.duration),
			};
			const act = acts[event.key];
			if (!act) return;
			event.preventDefault();
			event.stopPropagation();
			act();
		});
	}

	private toggle(): void {
		// One that is refused, or cut off by the next, plays nothing.
		if (this.player.paused) this.player.play().catch(() => this.sayState());
		else this.player.pause();
	}

	private seek(at: number): void {
		this.player.currentTime = Math.min(this.duration, Math.max(0, at));
		this.follow();
	}

	/** Draws where the player is, as long as it plays. */
	private follow(): void {
		cancelAnimationFrame(this.frame);
		this.draw();
		this.sayTime();
		if (!this.player.paused) this.frame = requestAnimationFrame(() => this.follow());
	}

	private sayState(): void {
		const label = this.player.paused ? "Play" : "Pause";
		this.button.replaceChildren(icon(this.player.paused ? "start" : "pause"));
		this.button.title = label;
		this.button.setAttribute("aria-label", `${label} ${this.host.tag}`);
		this.sayTime();
	}

	private sayTime(): void {
		const at = this.player.currentTime || 0;
		const text = `${seconds(at)} of ${seconds(this.duration)}`;
		this.clock.textContent = text;
		this.canvas.setAttribute("aria-valuemax", String(Math.round(1000 * this.duration)));
		this.canvas.setAttribute("aria-valuenow", String(Math.round(1000 * at)));
		this.canvas.setAttribute("aria-valuetext", text);
	}

	// ---------------------------------------------------------------- drawing

	private draw(): void {
		const { canvas, wave } = this;
		const { width } = this.size;
		const height = this.size.height - CONTROLS;
		const context = canvas.getContext("2d");
		if (!context || !wave || width <= 0 || height <= 0) return;
		const scale = window.devicePixelRatio || 1;
		this.picture ??= this.make(Math.round(width * scale), Math.round(height * scale), scale);
		canvas.width = this.picture.width;
		canvas.height = this.picture.height;
		canvas.style.height = `${height}px`;
		context.drawImage(this.picture, 0, 0);
		const at = this.duration > 0 ? this.player.currentTime / this.duration : 0;
		if (at <= 0) return;
		context.fillStyle = this.host.theme().text;
		context.fillRect(Math.round(at * canvas.width), 0, Math.max(1, scale), canvas.height);
	}

	private make(width: number, height: number, scale: number): HTMLCanvasElement {
		const picture = document.createElement("canvas");
		picture.width = width;
		picture.height = height;
		const context = picture.getContext("2d");
		if (!context || !this.wave) return picture;
		if (this.choice.form === "wave") this.drawWave(context, this.wave, width, height);
		else this.drawSpectrum(context, this.wave, width, height, scale);
		return picture;
	}

	private drawWave(
		context: CanvasRenderingContext2D,
		wave: Wave,
		width: number,
		height: number,
	): void {
		const theme = this.host.theme();
		const lane = height / wave.channels;
		for (let channel = 0; channel < wave.channels; channel += 1) {
			const middle = lane * (channel + 0.5);
			context.fillStyle = theme.border;
			context.fillRect(0, middle, width, 1);
			context.fillStyle = theme.accent;
			for (const [x, [low, high]] of peaks(wave, channel, width).entries()) {
				const top = middle - (high * lane) / 2;
				context.fillRect(x, top, 1, Math.max(1, ((high - low) * lane) / 2));
			}
		}
	}

	private drawSpectrum(
		context: CanvasRenderingContext2D,
		wave: Wave,
		width: number,
		height: number,
		scale: number,
	): void {
		const theme = this.host.theme();
		const map: Colormap = colormap("magnitude", theme);
		this.spectrum ??= spectrogram(wave, Math.min(600, width));
		const { levels, columns, rows, highest } = this.spectrum;
		const image = context.createImageData(width, height);
		const pixels = new Uint32Array(image.data.buffer);
		const table = new Uint32Array(map.colors.buffer);
		for (let x = 0; x < width; x += 1) {
			const column = Math.min(columns - 1, Math.floor((x / width) * columns));
			for (let y = 0; y < height; y += 1) {
				const row = Math.min(rows - 1, Math.floor((1 - (y + 1) / height) * rows));
				const level = levels[column * rows + row] ?? 0;
				pixels[y * width + x] = table[colorIndex(level, 1, "magnitude")] ?? 0;
			}
		}
		context.putImageData(image, 0, 0);
		context.font = `${10.5 * scale}px ${theme.font}`;
		context.textBaseline = "top";
		context.lineWidth = 3 * scale;
		context.strokeStyle = theme.sunken;
		context.fillStyle = theme.text;
		const label = `${formatCount(highest)} Hz`;
		context.strokeText(label, 3 * scale, 2 * scale);
		context.fillText(label, 3 * scale, 2 * scale);
	}
}

function seconds(value: number): string {
	return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}
