// The numbers in a message's buffers.

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
	const stream = new Blob([buffer as DataView<ArrayBuffer>])
		.stream()
		.pipeThrough(new DecompressionStream("deflate"));
	return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Float64 numbers that `nbviz.panels.wire.deflated` wrote. */
export async function inflateDoubles(buffer: DataView): Promise<Float64Array> {
	const planes = await inflate(buffer);
	const count = planes.length / 8;
	const bytes = new Uint8Array(planes.length);
	for (let plane = 0; plane < 8; plane += 1) {
		for (let i = 0; i < count; i += 1) bytes[8 * i + plane] = planes[plane * count + i] ?? 0;
	}
	return new Float64Array(bytes.buffer);
}

function aligned(buffer: DataView): ArrayBuffer {
	const copy = new ArrayBuffer(buffer.byteLength);
	new Uint8Array(copy).set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
	return copy;
}
