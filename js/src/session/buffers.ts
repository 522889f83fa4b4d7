// The numbers in a message's buffers.
import type { NumberType } from "../protocol/index.gen";

/** The buffer's float64 numbers; copied, because a view need not be aligned. */
export function doubles(buffer: DataView | undefined): Float64Array {
	return buffer ? new Float64Array(aligned(buffer)) : new Float64Array(0);
}

/** The buffer's int16 numbers, copied too. */
export function int16s(buffer: DataView | undefined): Int16Array {
	return buffer ? new Int16Array(aligned(buffer)) : new Int16Array(0);
}

/** The bytes that zlib deflated. */
export async function inflate(buffer: DataView): Promise<Uint8Array<ArrayBuffer>> {
	const { readable, writable } = new DecompressionStream("deflate");
	const writer = writable.getWriter();
	// What cannot be inflated fails the reading, too.
	writer.write(buffer as DataView<ArrayBuffer>).catch(() => undefined);
	writer.close().catch(() => undefined);
	return new Uint8Array(await new Response(readable).arrayBuffer());
}

/** Float64 numbers that `nbviz.panels.wire.deflated` wrote. */
export async function inflateDoubles(buffer: DataView): Promise<Float64Array> {
	const planes = await inflate(buffer);
	return ofPlanes(planes, "float64") as Float64Array;
}

/** The parts of numbers, each of its type and so many, that `nbviz.panels.wire.deflated` wrote. */
export async function inflateParts(
	buffer: DataView,
	parts: readonly (readonly [type: NumberType, count: number])[],
): Promise<Numbers[]> {
	const planes = await inflate(buffer);
	let start = 0;
	return parts.map(([type, count]) => {
		const end = start + count * ARRAYS[type].BYTES_PER_ELEMENT;
		const part = ofPlanes(planes.subarray(start, end), type);
		start = end;
		return part;
	});
}

export type Numbers = InstanceType<(typeof ARRAYS)[NumberType]>;

const ARRAYS = {
	uint8: Uint8Array,
	uint16: Uint16Array,
	uint32: Uint32Array,
	float32: Float32Array,
	float64: Float64Array,
};

/** Numbers of which all first bytes stand before all second ones, and so on. */
function ofPlanes(planes: Uint8Array<ArrayBuffer>, type: NumberType): Numbers {
	const size = ARRAYS[type].BYTES_PER_ELEMENT;
	if (size === 1) return planes;
	const count = planes.length / size;
	const bytes = new Uint8Array(planes.length);
	for (let plane = 0; plane < size; plane += 1) {
		const from = plane * count;
		for (let i = 0, to = plane; i < count; i += 1, to += size) bytes[to] = planes[from + i] ?? 0;
	}
	return new ARRAYS[type](bytes.buffer);
}

function aligned(buffer: DataView): ArrayBuffer {
	const copy = new ArrayBuffer(buffer.byteLength);
	new Uint8Array(copy).set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
	return copy;
}
