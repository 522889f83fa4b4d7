// A widget of its own: one chart of a user's data, whose description is a trait of the model. The same file
// draws it in a saved page.
import base from "../ui/base.css";
import { readTheme } from "../ui/theme";
import tokens from "../ui/tokens.css";
import { viewRoot } from "../ui/view-root";
import { ArrowsChart } from "./arrows-chart";
import { CellsChart } from "./cells-chart";
import type { ChartData, Choice } from "./data";
import sheet from "./data-charts.css";
import { ChartFrame } from "./frame";
import { markedAfter } from "./marked";
import { ParallelChart } from "./parallel-chart";

/** The part of anywidget's model that this widget uses. */
export interface ChartModel {
	get(name: string): unknown;
	on(name: string, callback: (content?: unknown) => void): void;
	off(name: string, callback: (content?: unknown) => void): void;
	send(content: unknown): void;
}

interface Drawn {
	readonly frame: ChartFrame;
	readonly kind: ChartData["chart"];
	show(data: ChartData): void;
	mark(elements: readonly unknown[]): void;
	draw(): void;
}

export function render({ model, el }: { model: ChartModel; el: HTMLElement }): () => void {
	let drawn: Drawn | undefined;
	const show = () => {
		const data = model.get("_drawn") as ChartData;
		if (!data.chart) return;
		if (drawn?.kind !== data.chart) {
			drawn?.frame.root.remove();
			drawn = make(data, root, (choice) => model.send(choice));
			observer.observe(drawn.frame.drawing);
		}
		drawn.show(data);
		mark();
	};
	const mark = () => drawn?.mark((model.get("_marked") as unknown[]) ?? []);
	const hear = (content?: unknown) => {
		const { kind, text } = (content ?? {}) as { kind?: string; text?: string };
		if (kind === "refused") drawn?.frame.say(String(text));
	};
	let width = 0;
	const observer = new ResizeObserver(([entry]) => {
		const now = entry?.contentRect.width ?? 0;
		if (now === width) return;
		width = now;
		drawn?.draw();
	});
	const view = viewRoot(el, [tokens, base, sheet], "", true, () => {
		if (drawn) show();
	});
	const { root } = view;
	show();
	view.show();
	root.dataset.nbviz = "ready";
	model.on("change:_drawn", show);
	model.on("change:_marked", mark);
	model.on("msg:custom", hear);
	return () => {
		model.off("change:_drawn", show);
		model.off("change:_marked", mark);
		model.off("msg:custom", hear);
		observer.disconnect();
		view.remove();
	};
}

/** Draws a chart into a page without a kernel: it reads out, and marks what is selected. */
export function replay(el: HTMLElement, data: ChartData): () => void {
	let marked: readonly unknown[] = [];
	const listeners = new Map<string, () => void>();
	const get = (name: string) => (name === "_drawn" ? data : marked);
	return render({
		el,
		model: {
			get,
			on: (name, listener) => listeners.set(name, listener),
			off: (name) => listeners.delete(name),
			send(choice) {
				marked = markedAfter(data, choice as Choice, marked);
				listeners.get("change:_marked")?.();
			},
		},
	});
}

function make(data: ChartData, root: HTMLElement, tell: (choice: Choice) => void): Drawn {
	const frame = new ChartFrame();
	root.append(frame.root);
	const theme = () => readTheme(root);
	switch (data.chart) {
		case "cells": {
			const chart = new CellsChart(frame, tell);
			return drawnBy(frame, "cells", chart, (one) => {
				if (one.chart === "cells") chart.show(one, theme());
			});
		}
		case "arrows": {
			const chart = new ArrowsChart(frame, tell);
			return drawnBy(frame, "arrows", chart, (one) => {
				if (one.chart === "arrows") chart.show(one, theme());
			});
		}
		case "parallel": {
			const chart = new ParallelChart(frame, tell);
			return drawnBy(frame, "parallel", chart, (one) => {
				if (one.chart === "parallel") chart.show(one, theme());
			});
		}
	}
}

function drawnBy(
	frame: ChartFrame,
	kind: ChartData["chart"],
	chart: { mark(elements: readonly unknown[]): void; draw(): void },
	show: (data: ChartData) => void,
): Drawn {
	return { frame, kind, show, mark: (elements) => chart.mark(elements), draw: () => chart.draw() };
}

export default { render };
