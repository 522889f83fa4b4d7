// Lays out levels of the graph: opened boxes from the inside out, equal levels only once.

import type { Direction, LevelShape, Placed } from "./level";
import { untwisted } from "./mirroring";
import { place } from "./placing";
import { type LevelLayout, type LevelPlan, portsOf } from "./plan";

/** Space around the inside of an opened box. */
export const PADDING = 14;
const LEVELS_KEPT = 500;

export class LayoutEngine {
	private readonly known = new Map<string, Placed>();

	layout(plan: LevelPlan, direction: Direction): LevelLayout {
		const boxes = plan.boxes.map((box) => {
			if (!box.inside) return { width: box.width, height: box.height };
			const inside = this.layout(box.inside, direction);
			// From left to right as much room is left below as the header takes: lines go straight in.
			const below = direction === "TB" ? PADDING : box.height;
			return {
				width: Math.max(box.width, inside.width + 2 * PADDING),
				height: box.height + inside.height + below,
				inside,
			};
		});
		const shape = shapeOf(plan, boxes);
		const key = JSON.stringify([direction, shape]);
		let placed = this.known.get(key);
		if (!placed) {
			placed = place(shape, direction);
			if (this.known.size >= LEVELS_KEPT) this.known.clear();
			this.known.set(key, placed);
		}
		const corners = placed.boxes;
		return {
			...placed,
			boxes: boxes.map((box, i) => {
				const [x, y] = corners[i] ?? [0, 0];
				return { ...box, x, y };
			}),
		};
	}
}

/** The layout of a plan without twists: lines reach an open box in the order of its ports. */
export function layOut(engine: LayoutEngine, plan: LevelPlan, direction: Direction): LevelLayout {
	return untwisted(plan, engine.layout(plan, direction), direction === "TB" ? 0 : 1);
}

/** The plan with numbers for names, so that equal blocks of other names are equal. */
function shapeOf(plan: LevelPlan, boxes: readonly { width: number; height: number }[]): LevelShape {
	const box = numbering(plan.boxes.map(({ id }) => id));
	const input = numbering(portsOf(plan.inputs.map(([port]) => port)));
	const output = numbering(portsOf(plan.outputs.map(([, port]) => port)));
	return {
		sizes: boxes.map(({ width, height }) => [width, height]),
		edges: plan.edges.map(([source, target]) => [box(source), box(target)]),
		inputs: plan.inputs.map(([port, id]) => [input(port), box(id)]),
		outputs: plan.outputs.map(([id, port]) => [box(id), output(port)]),
	};
}

function numbering(ids: readonly string[]): (id: string) => number {
	const places = new Map(ids.map((id, i) => [id, i]));
	return (id) => {
		const found = places.get(id);
		if (found === undefined) throw new Error(`the level has no box ${id}`);
		return found;
	};
}
