// Parameters as heatmaps. Those that can be seen are wanted, and the kernel captures only those.

import { magnitudeWithin } from "../../charts/heatmap/cells";
import { type Colormap, colormap, type Palette } from "../../charts/heatmap/colormaps";
import type { LayerInfo } from "../../protocol/index.gen";
import type { Context, Mount } from "../../session/panel";
import { hasEnded, type RunState } from "../../session/run";
import { runPicker, selectionOf } from "../../session/selection";
import { type ShownStep, shownStepOf } from "../../session/shown-step";
import { card } from "../../ui/card";
import { element } from "../../ui/element";
import { segmentedControl } from "../../ui/segmented-control";
import { readTheme, type Theme } from "../../ui/theme";
import { asTexts } from "../../ui/view-state";
import { WeightsCard } from "./card";
import { EarlierWeights } from "./earlier";
import { LayerPicker } from "./layer-picker";
import { listedLayers, type WeightsHeatmap, weightsState } from "./state";
import { VisibleLayers } from "./visible-layers";

const STATE_NAME = "weights";
const SUGGESTED = 4;
/** In the inspector, where a layer is a row. */
const SUGGESTED_ROWS = 8;
const MOST_OF_A_MODULE = 8;
/** With outliers clipped, colours reach their ends where this share of the cells lies within. */
const TYPICAL_SHARE = 0.995;

export const mountWeights: Mount = (host, context) => {
	const panel = new WeightsPanel(host, context);
	return () => panel.remove();
};

class WeightsPanel {
	private readonly root: HTMLElement;
	private readonly grid = element("div", "nbviz-weights-grid");
	private readonly empty = element("p", "nbviz-empty");
	private readonly picker: LayerPicker;
	private readonly visible: VisibleLayers;
	private readonly cards = new Map<string, WeightsCard>();
	private readonly cleanups: (() => void)[] = [];
	private readonly controls: HTMLElement;
	private readonly updateRuns: () => void;
	private readonly shownStep: ShownStep;
	private readonly earlier: EarlierWeights;
	/** What is shown, by parameter. */
	private readonly shown = new Map<string, WeightsHeatmap>();
	private shownOf: string | undefined;
	private comes = false;
	private isGone = false;
	private theme: Theme;
	private map: Colormap;
	private run: RunState | undefined;
	/** Chosen by hand; undefined shows those suggested. */
	private chosen: string[] | undefined;
	/** Id of the run that the layers were chosen of. */
	private chosenOf: string | undefined;
	/** The module chosen in the graph. */
	private module = "";
	private isShared = false;
	private isClipped = false;
	private palette: Palette = "sign";

	constructor(
		host: HTMLElement,
		private readonly context: Context,
	) {
		const { root, tools, body } = card(host, context, "Weights", "nbviz-weights");
		this.root = root;
		this.theme = readTheme(context.root);
		this.shownStep = shownStepOf(context);
		this.earlier = new EarlierWeights(context.asker, () => {
			if (!this.isGone) this.draw(true);
		});
		this.recall();
		this.map = colormap(this.palette, this.theme);
		this.visible = new VisibleLayers(context.wanted, (reason) => {
			this.empty.textContent = reason;
			this.empty.hidden = false;
		});
		this.picker = new LayerPicker((names) => {
			this.chosen = names;
			this.remember();
			this.update();
		});
		const { picker, update } = runPicker(context);
		this.updateRuns = update;
		this.controls = element(
			"div",
			"nbviz-panel-tools",
			{},
			segmentedControl("Colours", { Sign: "sign", Size: "magnitude" }, this.palette, (palette) => {
				this.palette = palette;
				this.remember();
				this.recolour();
			}),
			segmentedControl(
				"Range of the colours",
				{ Own: "own", Shared: "shared" },
				this.isShared ? "shared" : "own",
				(range) => {
					this.isShared = range === "shared";
					this.remember();
					this.draw();
				},
			),
			this.clipButton(),
		);
		tools.append(picker, this.controls, this.picker.root);
		body.append(this.empty, this.grid);
		this.cleanups.push(
			selectionOf(context).subscribe(() => this.update()),
			this.shownStep.subscribe(() => this.draw(true)),
			context.onTheme(() => {
				this.theme = readTheme(context.root);
				this.recolour();
			}),
			context.store.subscribe((topics) => {
				if (topics.has("runs") || topics.has("layers")) this.update();
				else if (topics.has("weights")) this.draw(true);
				else if (topics.has("progress")) this.sayWhetherPicturesCome();
			}),
		);
		this.update();
	}

	remove(): void {
		this.isGone = true;
		for (const cleanup of this.cleanups) cleanup();
		this.visible.remove();
		this.picker.remove();
		for (const one of this.cards.values()) one.remove();
		this.root.remove();
	}

	private clipButton(): HTMLElement {
		const button = element(
			"button",
			"nbviz-segment",
			{
				type: "button",
				"aria-pressed": String(this.isClipped),
				title:
					"End the colours where 99.5 % of the values lie, so that a few outliers do not pale the rest",
			},
			"Clip",
		);
		button.addEventListener("click", () => {
			this.isClipped = !this.isClipped;
			button.setAttribute("aria-pressed", String(this.isClipped));
			this.remember();
			this.draw();
		});
		return element("div", "nbviz-segments", {}, button);
	}

	private update(): void {
		this.updateRuns();
		const { run, module } = selectionOf(this.context);
		if (run && run.run_id !== this.chosenOf) {
			this.chosen = undefined;
			this.chosenOf = run.run_id;
		}
		this.run = run;
		const layers = run ? listedLayers(weightsState.of(run)) : [];
		if (module !== this.module) {
			this.module = module;
			const inside = layersOf(module, layers);
			if (inside.length > 0) this.chosen = inside;
		}
		const names = this.chosen?.filter((name) => layers.some((layer) => layer.name === name));
		const isInTab = this.context.arrangement === "screen";
		const shown = names ?? suggested(layers, isInTab ? SUGGESTED_ROWS : SUGGESTED);
		this.picker.update(layers, shown);
		this.picker.root.hidden = layers.length === 0;
		this.controls.hidden = shown.length === 0;
		this.empty.hidden = shown.length > 0;
		this.empty.textContent =
			layers.length === 0
				? "No weights yet. They come with a step of LiveTrainer, or with run.log_weights(model)."
				: "No layer is chosen. Pick some in the list of layers.";
		this.arrange(layers.filter((layer) => shown.includes(layer.name)));
		this.visible.follow(run, this.cards);
		this.draw();
	}

	private recall(): void {
		const { palette, isShared, isClipped, chosen, chosenOf } =
			this.context.viewState.read(STATE_NAME);
		this.palette = palette === "magnitude" ? palette : "sign";
		this.isShared = isShared === true;
		this.isClipped = isClipped === true;
		if (typeof chosenOf !== "string" || !Array.isArray(chosen)) return;
		this.chosen = asTexts(chosen);
		this.chosenOf = chosenOf;
	}

	private remember(): void {
		const { palette, isShared, isClipped, chosen, chosenOf } = this;
		this.context.viewState.write(STATE_NAME, { palette, isShared, isClipped, chosen, chosenOf });
	}

	private arrange(layers: readonly LayerInfo[]): void {
		this.grid.dataset.count = String(layers.length);
		const wanted = new Set(layers.map((layer) => layer.name));
		for (const [name, one] of this.cards) {
			if (wanted.has(name)) continue;
			one.remove();
			this.cards.delete(name);
		}
		for (const { name, shape } of layers) {
			const known = this.cards.get(name);
			const one = known ?? new WeightsCard(name, shape);
			if (!known) one.wait(this.comes);
			this.cards.set(name, one);
			this.grid.append(one.root);
		}
	}

	/** Draws heatmaps; `onlyNew` leaves those that are already shown, where colours allow it. */
	private draw(onlyNew = false): void {
		this.choosePictures();
		const shared = this.isShared ? this.sharedLimit() : undefined;
		this.sayWhetherPicturesCome();
		for (const [name, one] of this.cards) {
			const picture = this.shown.get(name);
			if (!picture) continue;
			if (!onlyNew || shared !== undefined || picture !== one.picture) {
				const limit = shared ?? this.limitOf(name);
				one.show(picture, { map: this.map, palette: this.palette, limit, theme: this.theme });
			}
			one.sayStep(Number.isFinite(this.shownStep.step));
		}
	}

	private sayWhetherPicturesCome(): void {
		const { asker, store } = this.context;
		// Of an ended run there is what was kept, and what its model has now, if that is still there.
		const comes = asker.isLive && !store.isGone && !hasEnded(this.run);
		if (comes === this.comes) return;
		this.comes = comes;
		for (const one of this.cards.values()) one.wait(comes);
	}

	/** Finds the pictures of the step that the view shows; until one has come, the one before stays. */
	private choosePictures(): void {
		const { run, shown, shownStep } = this;
		if (run?.run_id !== this.shownOf) shown.clear();
		this.shownOf = run?.run_id;
		for (const name of run ? this.cards.keys() : []) {
			const picture = run && this.earlier.at(run, name, shownStep.step);
			if (picture) shown.set(name, picture);
		}
	}

	private recolour(): void {
		this.map = colormap(this.palette, this.theme);
		this.draw();
	}

	private sharedLimit(): number {
		return Math.max(0, ...[...this.cards.keys()].map((name) => this.limitOf(name)));
	}

	private limitOf(name: string): number {
		const picture = this.shown.get(name);
		return picture ? magnitudeWithin(picture, this.isClipped ? TYPICAL_SHARE : 1) : 0;
	}
}

/** The layers of a module, matrices first if there are many. */
function layersOf(module: string, layers: readonly LayerInfo[]): string[] {
	const inside = module ? layers.filter(({ name }) => name.startsWith(`${module}.`)) : [];
	const isMatrix = ({ shape }: LayerInfo) => shape.filter((length) => length > 1).length > 1;
	const first = inside.length > MOST_OF_A_MODULE ? inside.filter(isMatrix) : inside;
	return first.slice(0, MOST_OF_A_MODULE).map(({ name }) => name);
}

/**
 * All layers if there are no more than `most`; else the first and the last with two dimensions or
 * more: where a network meets its data.
 */
function suggested(layers: readonly LayerInfo[], most: number): string[] {
	const isRoomForAll = most === SUGGESTED_ROWS && layers.length <= most;
	if (isRoomForAll) return layers.map(({ name }) => name);
	const matrices = layers.filter(({ shape }) => shape.filter((length) => length > 1).length > 1);
	const names = (matrices.length > 0 ? matrices : layers).map((layer) => layer.name);
	if (names.length <= most) return names;
	return [...names.slice(0, most / 2), ...names.slice(-most / 2)];
}
