// What the charts of histograms share: a canvas that is pointed at, walked by the arrow keys, and drawn anew
// when its size, its theme or what it shows changes.
import type { Theme } from "../../ui/theme";
import type { Course } from "./course";

/** What is pointed at: a step, and a value or where that is decided by the chart, none. */
export interface Pointed {
	readonly step: number;
	readonly value: number;
}

export abstract class CourseChart {
	readonly canvas = document.createElement("canvas");
	protected courses: readonly Course[] = [];
	/** Place of the shown step in the first course; -1 where all are later. */
	protected shown = -1;
	protected theme: Theme | undefined;
	protected isLog = false;
	protected width = 0;
	protected height = 0;
	protected pointed: Pointed | undefined;

	/** `describe` gets the text for what is pointed at and where it is; `choose` a step. */
	constructor(
		private readonly describe: (text: string, x: number, y: number) => void,
		private readonly choose: (step: number) => void,
	) {
		this.canvas.className = "nbviz-histogram";
		this.canvas.tabIndex = 0;
		this.canvas.setAttribute("role", "img");
		// JupyterLab moves between cells by the arrow keys.
		this.canvas.dataset.lmSuppressShortcuts = "true";
		this.canvas.title =
			"Arrows walk from step to step, a click or Enter shows the step in all panels";
		this.listen();
	}

	show(courses: readonly Course[], shown: number, theme: Theme, isLog: boolean): void {
		this.courses = courses;
		this.shown = shown;
		this.theme = theme;
		this.isLog = isLog;
		this.draw();
	}

	resize(width: number, height: number): void {
		if (width <= 0 || (width === this.width && height === this.height)) return;
		this.width = width;
		this.height = height;
		this.draw();
	}

	/** Draws into a canvas of CSS pixels that has been cleared. */
	protected abstract paint(context: CanvasRenderingContext2D, theme: Theme): void;
	/** What is at a place; undefined for nothing. */
	protected abstract at(x: number, y: number): Pointed | undefined;
	/** What is pointed at in words, and where that is. */
	protected abstract words(pointed: Pointed): { text: string; x: number; y: number };

	protected get columns() {
		return this.courses[0]?.columns ?? [];
	}

	protected draw(): void {
		const { theme, canvas } = this;
		const context = canvas.getContext("2d");
		if (!context || !theme || this.columns.length === 0 || this.width <= 0) return;
		const scale = window.devicePixelRatio || 1;
		canvas.width = Math.round(this.width * scale);
		canvas.height = Math.round(this.height * scale);
		canvas.style.height = `${this.height}px`;
		context.setTransform(scale, 0, 0, scale, 0, 0);
		this.paint(context, theme);
	}

	private listen(): void {
		const { canvas } = this;
		canvas.addEventListener("pointermove", (event) =>
			this.point(this.at(event.offsetX, event.offsetY)),
		);
		canvas.addEventListener("pointerleave", () => this.point(undefined));
		canvas.addEventListener("blur", () => this.point(undefined));
		canvas.addEventListener("click", () => this.choosePointed());
		canvas.addEventListener("keydown", (event) => {
			if (event.key === "Enter") this.choosePointed();
			else if (event.key === "Escape") this.point(undefined);
			else if (event.key.startsWith("Arrow")) this.walk(event.key);
			else return;
			event.preventDefault();
			event.stopPropagation();
		});
	}

	private choosePointed(): void {
		if (this.pointed) this.choose(this.pointed.step);
	}

	private walk(key: string): void {
		const { columns } = this;
		const from = this.pointed?.step ?? columns[this.shown]?.step ?? 0;
		const place = columns.findIndex(({ step }) => step >= from);
		const by = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
		const column = columns[Math.min(columns.length - 1, Math.max(0, place + by))];
		if (!column) return;
		const value = this.pointed?.value ?? column.mean ?? column.edges[0] ?? 0;
		this.point({ step: column.step, value });
	}

	private point(pointed: Pointed | undefined): void {
		this.pointed = pointed;
		this.draw();
		if (!pointed) {
			this.describe("", 0, 0);
			return;
		}
		const { text, x, y } = this.words(pointed);
		this.describe(text, x, y);
	}
}
