// One mesh in its card: triangles, or points where it has none.

import type { Matrix } from "../../charts/space/camera";
import { lookTable, pixelOf, type Rgb, readColour } from "../../charts/space/colours";
import { drawPoints, type Frame, type Screen } from "../../charts/space/points";
import { SpaceView } from "../../charts/space/space-view";
import { drawTriangles } from "../../charts/space/triangles";
import type { ItemHost, ItemView } from "../../items/view";
import type { MeshSent } from "../../protocol/index.gen";
import { counted, formatCount } from "../../ui/format";

/** A whole mesh. */
export type MeshContent = MeshSent & { readonly bytes: DataView };

const NO_PLACE = 65_535;
const LARGEST = 65_534;
const MANY = 200_000;
/** Colours of a cloud: what its vertices have is brought to so many levels of each channel. */
const LEVELS = 6;
const GREY: Rgb = [128, 132, 140];

export class MeshView implements ItemView<MeshContent> {
	readonly root: HTMLElement;
	private readonly view: SpaceView;
	private shown: { step: number; note: string } | undefined;
	private positions: Float32Array = new Float32Array(0);
	private faces: Uint32Array = new Uint32Array(0);
	private colours: Uint8Array | undefined;
	private looks: Uint16Array = new Uint16Array(0);
	private table: Uint32Array = new Uint32Array(0);
	private surface: Rgb = [255, 255, 255];
	private accent: Rgb = GREY;
	private screen: Screen = { x: new Int16Array(0), y: new Int16Array(0) };

	constructor(private readonly host: ItemHost) {
		this.view = new SpaceView(host.tag, "ArrowLeft ArrowRight ArrowUp ArrowDown + - 0", false, {
			paint: (frame, matrix, isMoving) => this.paint(frame, matrix, isMoving),
			scale: () => (this.looks.length > MANY ? 1 : Math.min(2, window.devicePixelRatio || 1)),
		});
		this.root = this.view.root;
	}

	take(content: MeshContent): void {
		const { bytes, vertices, vertices_logged, faces, has_colors, step } = content;
		const data = bytes.buffer as ArrayBuffer;
		const packed = new Uint16Array(data, bytes.byteOffset, 3 * vertices);
		this.positions = Float32Array.from(packed, (value) =>
			value === NO_PLACE ? Number.NaN : value / LARGEST - 0.5,
		);
		const after = bytes.byteOffset + 6 * vertices;
		this.colours = has_colors ? new Uint8Array(data, after, 3 * vertices) : undefined;
		const from = after + (has_colors ? 3 * vertices : 0);
		this.faces = new Uint32Array(data.slice(from, from + 12 * faces));
		this.looks = new Uint16Array(vertices);
		this.screen = { x: new Int16Array(vertices), y: new Int16Array(vertices) };
		const sample = vertices < vertices_logged ? `a sample of ${formatCount(vertices)} of ` : "";
		const points =
			sample +
			(faces > 0
				? counted(vertices_logged, "vertex", "vertices")
				: counted(vertices_logged, "point"));
		const note = faces > 0 ? `${points}, ${counted(faces, "triangle")}` : points;
		this.shown = { step, note };
		this.view.canvas.setAttribute(
			"aria-label",
			`Mesh ${this.host.tag} at step ${step}: ${note}; drag or arrows turn it`,
		);
		this.recolour();
	}

	show(): { step: number; note: string } | undefined {
		return this.shown;
	}

	resize(): void {
		this.view.draw();
	}

	recolour(): void {
		const theme = this.host.theme();
		this.surface = readColour(theme.sunken, theme.isDark);
		this.accent = readColour(theme.accent, theme.isDark);
		const { colours, looks } = this;
		if (!colours) {
			looks.fill(0);
			this.table = lookTable([this.accent], this.surface);
		} else {
			const level = (value: number) => Math.min(LEVELS - 1, Math.floor((value * LEVELS) / 256));
			for (let i = 0; i < looks.length; i += 1) {
				const [r = 0, g = 0, b = 0] = colours.subarray(3 * i, 3 * i + 3);
				looks[i] = 2 * ((level(r) * LEVELS + level(g)) * LEVELS + level(b));
			}
			const shade = (at: number) => (at * 255) / (LEVELS - 1);
			const all = Array.from({ length: LEVELS ** 3 }, (_, place): Rgb => {
				const [r, g] = [Math.floor(place / LEVELS ** 2), Math.floor(place / LEVELS) % LEVELS];
				return [shade(r), shade(g), shade(place % LEVELS)];
			});
			this.table = lookTable(all, this.surface);
		}
		this.view.draw();
	}

	remove(): void {
		this.view.remove();
	}

	private paint(frame: Frame, matrix: Matrix, isMoving: boolean): void {
		frame.pixels.fill(pixelOf(this.surface));
		const { positions, faces, colours, looks, table } = this;
		if (faces.length > 0) {
			const [plain, shadow] = [this.accent, [24, 26, 32]] as const;
			drawTriangles({ positions, faces, colours, plain, shadow }, matrix, frame);
			return;
		}
		const size = looks.length > MANY ? (isMoving ? 1 : 2) : 3;
		const cloud = { positions, dims: 3, looks, hasDim: false, table } as const;
		drawPoints(cloud, matrix, size, frame, this.screen);
	}
}
