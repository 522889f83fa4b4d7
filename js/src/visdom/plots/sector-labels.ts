// Where the name of a sector stands in it: level, else along the radius, and smaller if it must be.

/** Radians are clockwise from the right; radii in CSS pixels around the centre. */
export interface SectorRoom {
	readonly inner: number;
	readonly outer: number;
	readonly from: number;
	readonly to: number;
}

export interface SectorLabel {
	readonly x: number;
	readonly y: number;
	/** Radians by which it is turned; 0 for level. */
	readonly turn: number;
	readonly size: number;
}

const SMALLEST = 8; // CSS pixels of text
const MARGIN = 2;
const CIRCLE = 2 * Math.PI;

/** The largest label, up to a size, that the sector holds whole; undefined where none can be read. */
export function labelIn(
	room: SectorRoom,
	widthAt: (size: number) => number,
	size: number,
): SectorLabel | undefined {
	const angle = (room.from + room.to) / 2;
	const middle = (room.inner + room.outer) / 2;
	const [x, y] = [Math.cos(angle) * middle, Math.sin(angle) * middle];
	const isLeft = Math.cos(angle) < 0;
	for (let tried = size; tried >= Math.min(size, SMALLEST); tried -= 1) {
		const width = widthAt(tried) + 2 * MARGIN;
		if (holdsLevel(room, x, y, width, tried)) return { x, y, turn: 0, size: tried };
		const nearest = room.inner + (room.outer - room.inner - width) / 2;
		const isHeld = width <= room.outer - room.inner && (room.to - room.from) * nearest >= tried;
		if (isHeld) return { x, y, turn: isLeft ? angle + Math.PI : angle, size: tried };
	}
	return undefined;
}

function holdsLevel(room: SectorRoom, x: number, y: number, width: number, height: number) {
	const spread = room.to - room.from;
	return [-0.5, 0, 0.5].every((across) =>
		[-0.5, 0, 0.5].every((down) => {
			const [px, py] = [x + across * width, y + down * height];
			const radius = Math.hypot(px, py);
			const turned = (((Math.atan2(py, px) - room.from) % CIRCLE) + CIRCLE) % CIRCLE;
			const isBetween = spread >= CIRCLE - 1e-9 || turned <= spread;
			return radius >= room.inner && radius <= room.outer && isBetween;
		}),
	);
}
