// From box to box with the arrow keys: the nearest one in that direction.
import type { Scene, SceneBox } from "./scene";

const DIRECTIONS: Record<string, readonly [x: number, y: number]> = {
	ArrowUp: [0, -1],
	ArrowDown: [0, 1],
	ArrowLeft: [-1, 0],
	ArrowRight: [1, 0],
};

/** The id of the box that an arrow key leads to from a box, undefined if there is none. */
export function neighbour(scene: Scene, id: string | undefined, key: string): string | undefined {
	const direction = DIRECTIONS[key];
	if (!direction) return undefined;
	const from = scene.boxes.find(({ node }) => node.node_id === id);
	if (!from) return scene.boxes[0]?.node.node_id;
	const [dx, dy] = direction;
	const [x, y] = anchor(from);
	let best: string | undefined;
	let least = Number.POSITIVE_INFINITY;
	for (const box of scene.boxes) {
		const [toX, toY] = anchor(box);
		const along = (toX - x) * dx + (toY - y) * dy;
		if (box === from || along < 2) continue;
		const aside = Math.abs((toX - x) * dy) + Math.abs((toY - y) * dx);
		const distance = along + 2 * aside;
		if (distance < least) {
			least = distance;
			best = box.node.node_id;
		}
	}
	return best;
}

/** The middle of a box; of an open one, the middle of its header. */
function anchor(box: SceneBox): readonly [x: number, y: number] {
	return [box.x + box.width / 2, box.y + (box.open ? 14 : box.height / 2)];
}
