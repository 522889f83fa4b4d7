// Features laid out in the plane: a lasso lays out anew what it holds, a point says more of itself.
import { lookTable, pixelOf, type Rgb, readColour } from "../charts/space/colours";
import { drawPoints, nearestPoint, pointsInside, type Screen } from "../charts/space/points";
import { SpaceView } from "../charts/space/space-view";
import { element } from "../ui/element";
import type { Theme } from "../ui/theme";
import type { Content, Tell } from "./contents";
import { safeNodes } from "./html";
import { seriesColour } from "./plots/draw";
import { field, numberOr, numbersOf, textOr, type WindowSpec } from "./spec";

const REACH = 14; // pixels
const POINT = 5;

export class EmbeddingsContent implements Content {
	readonly root: HTMLElement;
	private readonly view: SpaceView;
	private readonly legend = element("div", "nbviz-window-legend");
	private readonly preview = element("div", "nbviz-window-preview", { role: "status" });
	private readonly lasso: HTMLButtonElement;
	private points: readonly unknown[] = [];
	private positions = new Float32Array(0);
	private looks = new Uint16Array(0);
	private table: Uint32Array = new Uint32Array(0);
	private screen: Screen = { x: new Int16Array(0), y: new Int16Array(0) };
	private surface: Rgb = [255, 255, 255];

	constructor(private readonly tell: Tell) {
		this.view = new SpaceView("Embeddings", "ArrowLeft ArrowRight ArrowUp ArrowDown + - 0", true, {
			paint: (frame, matrix) => {
				frame.pixels.fill(pixelOf(this.surface));
				const { positions, looks, table, screen } = this;
				const size = Math.round(POINT * this.scale());
				drawPoints(
					{ positions, dims: 2, looks, hasDim: false, table },
					matrix,
					size,
					frame,
					screen,
				);
			},
			click: (at) => {
				const near = nearestPoint(this.screen, at, REACH * this.scale());
				const point = this.points[near];
				if (point === undefined) return;
				const idx = numberOr(field(point, "idx"), near);
				this.tell("EntitySelected", { entityId: textOr(field(point, "name"), ""), idx });
			},
			lassoed: (path) => {
				const chosen = [...pointsInside(this.screen, path)];
				const selectedIdxs = chosen.map((i) => numberOr(field(this.points[i], "idx"), i));
				this.setLasso(false);
				if (selectedIdxs.length > 3) this.tell("RegionSelected", { selectedIdxs });
			},
			scale: () => this.scale(),
		});
		this.lasso = element(
			"button",
			"nbviz-window-name",
			{ type: "button", "aria-pressed": "false" },
			"Lasso",
		);
		this.lasso.addEventListener("click", () => this.setLasso(!this.view.isLasso));
		this.view.root.classList.add("nbviz-window-picture");
		this.root = element("div", "nbviz-window-plot", {}, this.legend, this.view.root, this.preview);
	}

	take({ content }: WindowSpec): void {
		const data = field(content, "data");
		this.points = Array.isArray(data) ? data : [];
		const places = this.points.map((point) => numbersOf(field(point, "position")));
		this.positions = Float32Array.from(places.flatMap(([x = 0, y = 0]) => [x / 2, y / 2]));
		this.looks = Uint16Array.from(this.points, (one) => 2 * numberOr(field(one, "group"), 0));
		const count = this.points.length;
		this.screen = { x: new Int16Array(count), y: new Int16Array(count) };
		const html = textOr(field(field(content, "selected"), "html"), "");
		this.preview.replaceChildren(...safeNodes(html));
		this.preview.hidden = html === "";
		this.view.canvas.setAttribute("aria-label", `Embeddings of ${count} points.`);
	}

	draw(theme: Theme): void {
		this.surface = readColour(theme.surface, theme.isDark);
		const groups = new Map<number, string>();
		for (const point of this.points)
			groups.set(numberOr(field(point, "group"), 0), String(field(point, "label") ?? ""));
		const most = Math.max(0, ...groups.keys());
		const colours = Array.from({ length: most + 1 }, (_, i) =>
			readColour(seriesColour(theme, i), theme.isDark),
		);
		this.table = lookTable(colours, this.surface);
		const names = [...groups].sort(([a], [b]) => a - b);
		this.legend.replaceChildren(
			this.lasso,
			...names.map(([group, label]) => {
				const swatch = element("span", "nbviz-window-swatch");
				swatch.style.background = seriesColour(theme, group);
				return element("span", "nbviz-window-name", {}, swatch, label);
			}),
		);
		this.view.draw();
	}

	remove(): void {
		this.view.remove();
		this.root.remove();
	}

	private setLasso(isLasso: boolean): void {
		this.view.isLasso = isLasso;
		this.view.root.dataset.lasso = String(isLasso);
		this.lasso.setAttribute("aria-pressed", String(isLasso));
	}

	private scale(): number {
		return Math.min(2, window.devicePixelRatio || 1);
	}
}
