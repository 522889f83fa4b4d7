// A canvas as large as its box, with the numbers of a column spread over a length.
import type { RunState } from "../../session/run";
import type { Theme } from "../../ui/theme";
import type { Column, Value } from "./columns";

/** One run with what a plot needs to draw it. */
export interface PlotRun {
	readonly run: RunState;
	readonly isShown: boolean;
}

/** What a plot draws. */
export interface PlotContent {
	readonly runs: readonly PlotRun[];
	readonly columns: readonly Column[];
	readonly theme: Theme;
	readonly pointed: string | undefined;
}

export class Surface {
	readonly canvas = document.createElement("canvas");
	width = 0;
	height = 0;

	/** Makes the canvas as large as asked, in CSS pixels, and returns where to draw. */
	begin(width: number, height: number): CanvasRenderingContext2D | null {
		const ratio = window.devicePixelRatio || 1;
		const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
		if (this.canvas.width !== wide || this.canvas.height !== high) {
			this.canvas.width = wide;
			this.canvas.height = high;
			this.canvas.style.width = `${width}px`;
			this.canvas.style.height = `${height}px`;
		}
		this.width = width;
		this.height = height;
		const context = this.canvas.getContext("2d");
		context?.setTransform(ratio, 0, 0, ratio, 0, 0);
		context?.clearRect(0, 0, width, height);
		return context;
	}

	/** Calls `move` wherever the pointer goes, until it is released. */
	follow(down: PointerEvent, move: (event: PointerEvent) => void): void {
		const { canvas } = this;
		canvas.setPointerCapture(down.pointerId);
		const end = (event: PointerEvent) => {
			move(event);
			canvas.removeEventListener("pointermove", move);
		};
		canvas.addEventListener("pointermove", move);
		canvas.addEventListener("pointerup", end, { once: true });
	}
}

export function colourOf(run: RunState, theme: Theme): string {
	return theme.series[run.style % theme.series.length] ?? theme.text;
}

/** From the values of a column to shares of a length, and back: numbers evenly or by size, words in order. */
export class Scale {
	readonly words: readonly string[];
	readonly isLog: boolean;
	readonly min: number;
	readonly max: number;

	constructor(
		readonly column: Column,
		runs: readonly PlotRun[],
	) {
		const values = runs.map(({ run }) => column.of(run));
		const numbers = values.filter((value): value is number => isFiniteNumber(value));
		const isNumeric =
			numbers.length > 0 && values.every((v) => v === undefined || typeof v === "number");
		this.words = isNumeric
			? []
			: [...new Set(values.map(wordOf).filter((word) => word !== undefined))].sort((a, b) =>
					a.localeCompare(b, "en", { numeric: true }),
				);
		this.min = numbers.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
		this.max = numbers.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
		// Learning rates from 1e-5 to 0.1 would lie on top of each other.
		this.isLog = isNumeric && this.min > 0 && this.max / this.min >= 100;
	}

	/** 0 to 1; undefined for a run without a value. */
	share(run: RunState): number | undefined {
		const value = this.column.of(run);
		if (this.words.length > 0) {
			const place = this.words.indexOf(wordOf(value) ?? "");
			return place < 0
				? undefined
				: this.words.length === 1
					? 0.5
					: place / (this.words.length - 1);
		}
		if (!isFiniteNumber(value)) return undefined;
		if (this.max === this.min) return 0.5;
		return this.isLog
			? Math.log(value / this.min) / Math.log(this.max / this.min)
			: (value - this.min) / (this.max - this.min);
	}

	/** Texts along the axis, with their shares. */
	ticks(most: number): { readonly share: number; readonly text: string }[] {
		const { words } = this;
		if (words.length > 0) {
			const every = Math.max(1, Math.ceil(words.length / most));
			return words.flatMap((text, i) =>
				i % every === 0
					? [{ share: words.length === 1 ? 0.5 : i / (words.length - 1), text: shortened(text) }]
					: [],
			);
		}
		if (!(this.min <= this.max)) return [];
		if (this.min === this.max) return [{ share: 0.5, text: this.column.text(this.min) }];
		return [0, 0.5, 1].map((share) => ({
			share,
			text: this.column.text(rounded(this.value(share), this)),
		}));
	}

	private value(share: number): number {
		return this.isLog
			? this.min * (this.max / this.min) ** share
			: this.min + share * (this.max - this.min);
	}
}

function rounded(value: number, { min, max, isLog }: Scale): number {
	if (value === min || value === max) return value;
	return isLog ? Number(value.toPrecision(2)) : Number(value.toPrecision(3));
}

function isFiniteNumber(value: Value): value is number {
	return typeof value === "number" && Number.isFinite(value);
}

function wordOf(value: Value): string | undefined {
	return value === undefined ? undefined : String(value);
}

function shortened(text: string): string {
	return text.length > 14 ? `${text.slice(0, 13)}…` : text;
}
