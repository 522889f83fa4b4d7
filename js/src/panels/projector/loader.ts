// What the page has of one embedding: asked for in slices, and kept as long as there is room.
import type { EmbeddingSent, Method, PointColumn } from "../../protocol/index.gen";
import type { Asker } from "../../session/asker";

const CACHE_BYTES = 160_000_000;
const LARGEST = 65_534;
const NO_PLACE = 65_535;

/** The labels of one column: of categories places in its names, of numbers values, else texts. */
export interface Labels {
	readonly column: PointColumn;
	readonly codes?: Uint16Array;
	readonly values?: Float32Array;
	readonly texts?: readonly string[];
}

export interface Overview extends EmbeddingSent {
	/** Of a sample the places of its points among those that were logged. */
	readonly chosen: Uint32Array | undefined;
}

export interface PositionsKey {
	readonly step: number;
	readonly method: Method;
	readonly dims: 2 | 3;
	/** Tells positions of a layout from better ones that came later. */
	readonly revision: number;
}

export function labelText({ column, codes, values, texts }: Labels, point: number): string {
	if (codes) return column.names[codes[point] ?? 0] ?? "";
	if (values) return String(Number((values[point] ?? Number.NaN).toPrecision(6)));
	return texts?.[point] ?? "";
}

export class EmbeddingLoader {
	private readonly overviews = new Map<string, Promise<Overview>>();
	private readonly columns = new Map<string, Promise<Labels>>();
	private readonly positions = new Map<string, Float32Array>();
	private readonly images = new Map<string, Map<number, ImageBitmap | "asked">>();
	private held = 0;

	constructor(
		private readonly asker: Asker,
		readonly run_id: string,
		readonly tag: string,
	) {}

	/** What is known at a step; `revision` tells a step that was logged again. */
	overview(step: number, revision: number): Promise<Overview> {
		return remembered(this.overviews, `${step} ${revision}`, async () => {
			const { run_id, tag } = this;
			const found = await this.asker.ask({ kind: "send_embedding", run_id, tag, step });
			const chosen = new Uint32Array(copied(found.bytes));
			return { ...found, chosen: chosen.length > 0 ? chosen : undefined };
		});
	}

	/**
	 * The positions of all points, within ±0.5, as x, y and perhaps z. `came` is called with each slice's
	 * end while `isWanted`; undefined if that ended before the last came.
	 */
	async place(
		key: PositionsKey,
		points: number,
		isWanted: () => boolean,
		came: (share: number) => void,
	): Promise<Float32Array | undefined> {
		const name = JSON.stringify(key);
		const known = this.positions.get(name);
		if (known) return known;
		const { run_id, tag } = this;
		const { step, method, dims } = key;
		const found = new Float32Array(points * dims).fill(Number.NaN);
		let start = 0;
		while (start < points) {
			const question = { kind: "send_positions", run_id, tag, step, method, dims, start } as const;
			const answer = await this.asker.ask(question);
			if (!isWanted()) return undefined;
			if (answer.count === 0) break;
			const values = new Uint16Array(copied(answer.bytes));
			for (let i = 0, at = start * dims; i < values.length; i += 1, at += 1) {
				const value = values[i] as number;
				found[at] = value === NO_PLACE ? Number.NaN : value / LARGEST - 0.5;
			}
			start += answer.count;
			came(start / points);
		}
		this.keep(name, found);
		return found;
	}

	/** The labels of a column of an overview; the same for all steps that say the same. */
	labels({ step, points, columns }: Overview, place: number): Promise<Labels> {
		const column = columns[place];
		if (!column) return Promise.reject(new Error("There is no such column of labels."));
		return remembered(this.columns, column.content, async () => {
			const parts: DataView[] = [];
			let start = 0;
			while (start < points) {
				const { run_id, tag } = this;
				const answer = await this.asker.ask({
					kind: "send_column",
					run_id,
					tag,
					step,
					column: place,
					start,
				});
				if (answer.count === 0) break;
				parts.push(answer.bytes);
				start += answer.count;
			}
			if (column.column_kind === "category")
				return { column, codes: new Uint16Array(joined(parts)) };
			if (column.column_kind === "number")
				return { column, values: new Float32Array(joined(parts)) };
			const texts = parts.flatMap((part) => new TextDecoder().decode(part).split("\n"));
			return { column, texts };
		});
	}

	/** The image of a point, if it is there; else it is asked for with the others in `points`. */
	image(overview: Overview, point: number): ImageBitmap | undefined {
		const found = this.images.get(overview.images)?.get(point);
		return found === "asked" ? undefined : found;
	}

	/** Asks for images that are not there yet; resolves when those came. */
	async fetchImages(overview: Overview, points: readonly number[]): Promise<void> {
		const { images, image_height: height, image_width: width, image_channels } = overview;
		if (images === "") return;
		const known = this.images.get(images) ?? new Map<number, ImageBitmap | "asked">();
		this.images.set(images, known);
		const missing = points.filter((point) => !known.has(point));
		if (missing.length === 0) return;
		for (const point of missing) known.set(point, "asked");
		const { run_id, tag } = this;
		const { step } = overview;
		const answer = await this.asker.ask({
			kind: "send_thumbnails",
			run_id,
			tag,
			step,
			points: missing,
		});
		const size = height * width * image_channels;
		const bytes = new Uint8Array(copied(answer.bytes));
		await Promise.all(
			answer.points.map(async (point, place) => {
				const pixels = bytes.subarray(place * size, (place + 1) * size);
				const image = toImage(pixels, height, width, image_channels);
				known.set(point, await createImageBitmap(image));
			}),
		);
		// What did not fit into the message may be asked for again.
		for (const point of missing) if (known.get(point) === "asked") known.delete(point);
	}

	private keep(name: string, found: Float32Array): void {
		this.positions.set(name, found);
		this.held += found.byteLength;
		for (const [oldest, one] of this.positions) {
			if (this.held <= CACHE_BYTES || oldest === name) break;
			this.positions.delete(oldest);
			this.held -= one.byteLength;
		}
	}
}

/** Calls `make` at the first use of a name, and again after it failed. */
function remembered<T>(
	known: Map<string, Promise<T>>,
	name: string,
	make: () => Promise<T>,
): Promise<T> {
	const found = known.get(name);
	if (found) return found;
	const made = make();
	known.set(name, made);
	made.catch(() => known.delete(name));
	return made;
}

function toImage(pixels: Uint8Array, height: number, width: number, channels: number): ImageData {
	const image = new ImageData(width, height);
	const hasAlpha = channels === 2 || channels === 4;
	for (let i = 0; i < height * width; i += 1) {
		const from = i * channels;
		for (let c = 0; c < 3; c += 1)
			image.data[4 * i + c] = pixels[from + (channels < 3 ? 0 : c)] ?? 0;
		image.data[4 * i + 3] = hasAlpha ? (pixels[from + channels - 1] ?? 255) : 255;
	}
	return image;
}

function copied({ buffer, byteOffset, byteLength }: DataView): ArrayBuffer {
	return (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength);
}

function joined(parts: readonly DataView[]): ArrayBuffer {
	const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
	let at = 0;
	for (const { buffer, byteOffset, byteLength } of parts) {
		bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
		at += byteLength;
	}
	return bytes.buffer;
}
