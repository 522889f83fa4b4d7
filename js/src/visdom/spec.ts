// What a window says of itself: plotly's traces and layout, a text, an image; numbers are arrays here.

export interface Grid {
	readonly rows: number;
	readonly columns: number;
	readonly values: Float32Array;
}

/** A file as a URL that the page may show. */
export interface PageFile {
	readonly url: string;
	readonly type: string;
}

/** Numbers, or names of categories. */
export type Values = Float64Array | readonly string[];

export interface Trace {
	readonly type?: string;
	readonly x?: Values;
	readonly y?: Values;
	readonly z?: Grid | Float64Array;
	readonly [name: string]: unknown;
}

export type Layout = Readonly<Record<string, unknown>>;

export interface WindowSpec {
	readonly type: string;
	readonly title?: string;
	readonly width?: number | null;
	readonly height?: number | null;
	readonly content: unknown;
	readonly [name: string]: unknown;
}

/** Returns the bytes of a blob; undefined of one that has not come whole. */
export type BlobSource = (blob: number) => Uint8Array | undefined;

/** Reads a window. Throws where a blob that it names has not come. */
export function readSpec(
	text: string,
	bytesOf: BlobSource,
	urlOf: (blob: number, type: string) => string,
): WindowSpec {
	return JSON.parse(text, (_, value: unknown) => {
		const kind = isRecord(value) ? value.$ : undefined;
		if (!isRecord(value) || typeof kind !== "string") return value;
		const blobs = value.blobs as number[];
		if (kind === "file")
			return { url: urlOf(blobs[0] ?? -1, String(value.type)), type: value.type };
		const parts = blobs.map((blob) => {
			const bytes = bytesOf(blob);
			if (!bytes) throw new Error(`The blob ${blob} has not come.`);
			return bytes;
		});
		if (kind === "column") return new Float64Array(joined(parts));
		const [rows = 0, columns = 0] = value.shape as number[];
		return { rows, columns, values: new Float32Array(joined(parts)) } satisfies Grid;
	}) as WindowSpec;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field of what may be no object. */
export function field(of: unknown, name: string): unknown {
	return isRecord(of) ? of[name] : undefined;
}

export function numberOr(value: unknown, otherwise: number): number {
	return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

export function textOr(value: unknown, otherwise: string): string {
	return typeof value === "string" ? value : otherwise;
}

/** A title, which plotly has as a text or as an object. */
export function titleOf(value: unknown): string {
	return textOr(isRecord(value) ? value.text : value, "");
}

export function isGrid(value: unknown): value is Grid {
	return isRecord(value) && value.values instanceof Float32Array;
}

export function isFile(value: unknown): value is PageFile {
	return isRecord(value) && typeof value.url === "string";
}

/** The numbers of a list or an array; NaN for what is none. */
export function numbersOf(value: unknown): Float64Array {
	if (value instanceof Float64Array) return value;
	if (!Array.isArray(value)) return new Float64Array(0);
	return Float64Array.from(value, (one) => (typeof one === "number" ? one : Number.NaN));
}

export function textsOf(value: unknown): string[] {
	if (value instanceof Float64Array) return Array.from(value, String);
	return Array.isArray(value) ? value.map(String) : [];
}

function joined(parts: readonly Uint8Array[]): ArrayBuffer {
	const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes.buffer;
}
