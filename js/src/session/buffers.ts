// The numbers in a message's buffers.

/** The buffer's float64 numbers; copied, because a view need not be aligned. */
export function doubles(buffer: DataView | undefined): Float64Array {
	return buffer ? new Float64Array(aligned(buffer)) : new Float64Array(0);
}

/** The buffer's int16 numbers, copied too. */
export function int16s(buffer: DataView | undefined): Int16Array {
	return buffer ? new Int16Array(aligned(buffer)) : new Int16Array(0);
}

function aligned(buffer: DataView): ArrayBuffer {
	const copy = new ArrayBuffer(buffer.byteLength);
	new Uint8Array(copy).set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
	return copy;
}
