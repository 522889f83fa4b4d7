// The frame of a level: how far it reaches around its boxes.

/** Between an opened box's border and its first boxes, and its last, for the inputs and outputs. */
const ROOM = 18;
const ROOM_TO_BRANCH = 26;
const ROOM_AFTER = 6;
/** The most by which a level is widened to have its input at its middle. */
const WIDENED = 1.4;

/** The room before the first boxes, for so many inputs. */
export function roomBefore(inputs: number): number {
	return inputs > 1 ? ROOM_TO_BRANCH : inputs > 0 ? ROOM : 0;
}

/** The room after the last boxes, for so many outputs. */
export function roomAfter(outputs: number): number {
	return outputs > 0 ? ROOM_AFTER : 0;
}

/** The extent of `values`, with the input at its middle if that does not cost too much room. */
export function balanced(values: readonly number[], ports: readonly number[]): [number, number] {
	const start = values.reduce((least, value) => Math.min(least, value), Infinity);
	const end = values.reduce((most, value) => Math.max(most, value), -Infinity);
	const [middle] = new Set(ports.map(Math.round)).size <= 2 ? ports : [];
	if (middle === undefined) return [start, end];
	const half = Math.max(middle - start, end - middle);
	return 2 * half <= WIDENED * (end - start) ? [middle - half, middle + half] : [start, end];
}
