// Parameters that several modules share: a dashed link from each box that holds one to the next.
import type { Direction } from "../layout/level";
import type { SceneBox, SceneTie } from "./scene";

const CLEAR = 16;
const APART = 7;

/** The links between the closed boxes of a scene. */
export function tiesOf(boxes: readonly SceneBox[], direction: Direction): SceneTie[] {
	const holders = new Map<string, SceneBox[]>();
	for (const box of boxes) {
		if (box.open) continue;
		for (const names of box.node.tied) {
			const known = holders.get(names);
			if (known) known.push(box);
			else holders.set(names, [box]);
		}
	}
	const ties: SceneTie[] = [];
	for (const [names, held] of holders) {
		for (const [i, to] of held.entries()) {
			const from = held[i - 1];
			if (from) ties.push(link(from, to, names, boxes, direction, ties.length));
		}
	}
	return ties;
}

function link(
	from: SceneBox,
	to: SceneBox,
	names: string,
	boxes: readonly SceneBox[],
	direction: Direction,
	number: number,
): SceneTie {
	const down = direction === "TB";
	const span = (box: SceneBox) => (down ? [box.y, box.y + box.height] : [box.x, box.x + box.width]);
	const side = (box: SceneBox) => (down ? box.x + box.width : box.y + box.height);
	const middle = (box: SceneBox) => (down ? box.y + box.height / 2 : box.x + box.width / 2);
	const start = Math.min(middle(from), middle(to));
	const end = Math.max(middle(from), middle(to));
	let reach = Math.max(side(from), side(to));
	for (const box of boxes) {
		const [first = 0, last = 0] = span(box);
		if (first < end && last > start) reach = Math.max(reach, side(box));
	}
	reach += CLEAR + number * APART;
	const [a, b] = [middle(from), middle(to)];
	const turn = Math.min(12, Math.abs(b - a) / 2) * Math.sign(b - a || 1);
	const round = Math.min(12, reach - side(from), reach - side(to));
	const at = (across: number, along: number) =>
		down ? `${across} ${along}` : `${along} ${across}`;
	const path = [
		`M${at(side(from), a)}`,
		`L${at(reach - round, a)}`,
		`Q${at(reach, a)} ${at(reach, a + turn)}`,
		`L${at(reach, b - turn)}`,
		`Q${at(reach, b)} ${at(reach - round, b)}`,
		`L${at(side(to), b)}`,
	].join("");
	const id = `${from.node.node_id}\u0002${to.node.node_id}\u0002${names}`;
	return { id, from: from.node.node_id, to: to.node.node_id, path, names, reach };
}
