// Lines that cross just before an open box, because its inside is the wrong way round, are untwisted
// by mirroring the inside.

import type { Point } from "./level";
import { type BoxLayout, type LevelLayout, type LevelPlan, portsOf } from "./plan";

/** 0 if levels are mirrored from left to right, 1 from top to bottom. */
type Axis = 0 | 1;

/** The layout with the insides of open boxes mirrored where that saves crossings; outer ones first. */
export function untwisted(plan: LevelPlan, layout: LevelLayout, axis: Axis): LevelLayout {
	const boxes = layout.boxes.map((box, i): BoxLayout => {
		const inside = plan.boxes[i]?.inside;
		const id = plan.boxes[i]?.id ?? "";
		if (!box.inside || !inside) return box;
		const turned = isTwisted(id, plan, layout, inside, box.inside, axis)
			? mirrored(box.inside, axis)
			: box.inside;
		return { ...box, inside: untwisted(inside, turned, axis) };
	});
	return { ...layout, boxes };
}

function isTwisted(
	id: string,
	plan: LevelPlan,
	layout: LevelLayout,
	inside: LevelPlan,
	inner: LevelLayout,
	axis: Axis,
): boolean {
	const inputs = portsOf(inside.inputs.map(([port]) => port));
	if (inputs.length < 2) return false;
	const arrivals: [outside: number, port: number][] = [];
	const note = (port: number | undefined, from: Point | undefined) => {
		if (port !== undefined && from) arrivals.push([from[axis], port]);
	};
	for (const [i, [source, target]] of [...plan.edges, ...plan.inputs].entries()) {
		if (target === id) note(inner.inputPorts[inputs.indexOf(source)], layout.routes[i]?.at(-2));
	}
	return inversions(arrivals) > 0;
}

/** Pairs in the wrong order less pairs in the right one. */
function inversions(pairs: readonly (readonly [number, number])[]): number {
	let wrong = 0;
	for (const [i, [outside, port]] of pairs.entries()) {
		for (const [otherOutside, otherPort] of pairs.slice(i + 1)) {
			wrong -= Math.sign(outside - otherOutside) * Math.sign(port - otherPort);
		}
	}
	return wrong;
}

function mirrored(layout: LevelLayout, axis: Axis): LevelLayout {
	const size = axis === 0 ? layout.width : layout.height;
	const turn = ([x, y]: Point): Point => (axis === 0 ? [size - x, y] : [x, size - y]);
	return {
		...layout,
		boxes: layout.boxes.map((box) =>
			axis === 0
				? { ...box, x: size - box.x - box.width }
				: { ...box, y: size - box.y - box.height },
		),
		routes: layout.routes.map((route) => route.map(turn)),
		inputPorts: layout.inputPorts.map((port) => size - port),
		outputPorts: layout.outputPorts.map((port) => size - port),
	};
}
