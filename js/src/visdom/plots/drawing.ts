// What every drawing of a plot is: an element that is given traces, a size and a theme.
import type { Theme } from "../../ui/theme";
import type { Layout, Trace } from "../spec";

export interface Plot {
	readonly traces: readonly Trace[];
	readonly layout: Layout;
	readonly title: string;
}

export interface PlotDrawing {
	readonly root: HTMLElement;
	take(plot: Plot): void;
	/** Draws anew: at another size, or in other colours. */
	draw(theme: Theme): void;
	remove(): void;
}

/** A canvas of so many CSS pixels, cleared; undefined while it has no size. */
export function cleared(canvas: HTMLCanvasElement): CanvasRenderingContext2D | undefined {
	const { clientWidth: width, clientHeight: height } = canvas;
	const context = canvas.getContext("2d");
	if (!context || width < 20 || height < 20) return undefined;
	const ratio = window.devicePixelRatio || 1;
	canvas.width = Math.round(width * ratio);
	canvas.height = Math.round(height * ratio);
	context.setTransform(ratio, 0, 0, ratio, 0, 0);
	return context;
}
