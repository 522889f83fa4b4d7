// Joins the layouts of all open levels in one coordinate system, and edges across open boxes.
import type { GraphLevel, GraphNode } from "../../../protocol/index.gen";
import type { Direction, Point } from "../layout/level";
import { type BoxLayout, type LevelLayout, portsOf } from "../layout/plan";
import type { GraphTree } from "../tree/tree";
import { type BoxText, HEADER, shapeText } from "./box-text";
import type { Scene, SceneBox, SceneEdge } from "./scene";
import { tiesOf } from "./ties";

/** What the edges drawn for one way have in common. */
type Look = Pick<SceneEdge, "arrives" | "shape" | "tie">;

interface End {
	readonly key: string;
	readonly point?: Point;
}

type TextOf = (node: GraphNode, open: boolean) => BoxText;

/** Joins the layouts of all open levels. */
export function compose(
	tree: GraphTree,
	layout: LevelLayout,
	direction: Direction,
	textOf: TextOf,
): Scene {
	const scene = new Composer(tree, direction, textOf);
	scene.add("", layout, 0, 0, 0, undefined);
	const { boxes, edges } = scene;
	const ties = tiesOf(boxes, direction);
	const reach = ties.reduce((most, tie) => Math.max(most, tie.reach), 0);
	const down = direction === "TB";
	const width = down ? Math.max(layout.width, reach) : layout.width;
	const height = down ? layout.height : Math.max(layout.height, reach);
	return { boxes, edges, ties, width, height, direction };
}

class Composer {
	readonly boxes: SceneBox[] = [];
	readonly edges: SceneEdge[] = [];
	private readonly down: boolean;

	constructor(
		private readonly tree: GraphTree,
		direction: Direction,
		private readonly textOf: TextOf,
	) {
		this.down = direction === "TB";
	}

	/** Adds a level with its corner at (x, y), inside the box `around`. */
	add(
		scope: string,
		level: LevelLayout,
		x: number,
		y: number,
		depth: number,
		around: SceneBox | undefined,
	): void {
		const data = this.tree.level(scope);
		if (!data) return;
		const ends = new Ends(this.tree, this.down);
		for (const [i, node] of data.nodes.entries()) {
			const box = level.boxes[i];
			if (!box) continue;
			const { width, height, inside } = box;
			const open = inside !== undefined;
			const text = this.textOf(node, open);
			const placed = {
				node,
				text,
				x: x + box.x,
				y: y + box.y,
				width,
				height,
				depth,
				open,
				parent: scope,
			};
			this.boxes.push(placed);
			ends.add(placed, box);
			if (inside) {
				this.add(
					node.node_id,
					inside,
					placed.x + indent(box),
					placed.y + HEADER,
					depth + 1,
					placed,
				);
			}
		}
		let route = 0;
		const next = () => (level.routes[route++] ?? []).map(([px, py]): Point => [px + x, py + y]);
		for (const { source, target, shape, tie } of data.edges) {
			const look = { arrives: true, shape: shape.length > 0 ? shapeText(shape) : "", tie };
			this.draw(next(), ends.leaving(source, [target]), ends.arriving(target, source), look);
		}
		for (const [i, [inside, outside]] of data.inputs.entries()) {
			const way = next();
			const start: End = { key: into(scope, outside) };
			const first = way[0];
			if (!this.down && around && first) way[0] = [around.x, first[1]];
			const tie = data.input_ties?.[i] ?? undefined;
			this.draw(way, [start], ends.arriving(inside, outside), { arrives: true, shape: "", tie });
		}
		for (const inside of portsOf(data.outputs.map(([box]) => box))) {
			const way = next();
			const last = way[way.length - 1];
			if (around && last) {
				way[way.length - 1] = this.down
					? [last[0], around.y + around.height]
					: [around.x + around.width, last[1]];
			}
			const ways = [...data.outputs.keys()].filter((i) => data.outputs[i]?.[0] === inside);
			const outsides = ways.map((i) => data.outputs[i]?.[1] ?? "");
			const [tie, ...others] = new Set(ways.map((i) => data.output_ties?.[i] ?? undefined));
			const look = { arrives: false, shape: "", tie: others.length > 0 ? undefined : tie };
			this.draw(way, ends.leaving(inside, outsides), [{ key: outOf(scope, inside) }], look);
		}
	}

	private draw(
		points: readonly Point[],
		starts: readonly End[],
		targets: readonly End[],
		look: Look,
	): void {
		for (const start of starts) {
			for (const end of targets) {
				const way = [...points];
				if (start.point) way[0] = start.point;
				if (end.point) way[way.length - 1] = end.point;
				const id = `${start.key}\u0002${end.key}`;
				this.edges.push({ id, from: start.key, to: end.key, points: way, ...look });
			}
		}
	}
}

/** Where the edges of one level begin and end: at its boxes, or at the ports of its open ones. */
class Ends {
	private readonly placed = new Map<string, { box: SceneBox; layout: BoxLayout }>();

	constructor(
		private readonly tree: GraphTree,
		private readonly down: boolean,
	) {}

	add(box: SceneBox, layout: BoxLayout): void {
		this.placed.set(box.node.node_id, { box, layout });
	}

	/** The starts of the ways from a box to others. */
	leaving(id: string, to: readonly string[]): End[] {
		const { level, inside } = this.inside(id);
		if (!level || !inside) return [{ key: id }];
		const ports = portsOf(level.outputs.map(([box]) => box));
		const serving = level.outputs.filter(([, outside]) => to.includes(outside));
		const found = portsOf(serving.map(([port]) => port)).map((port) => ({
			key: outOf(id, port),
			point: this.border(id, inside.outputPorts[ports.indexOf(port)] ?? 0, true),
		}));
		return found.length > 0 ? found : [{ key: id }];
	}

	/** The end of the way from another box. */
	arriving(id: string, from: string): End[] {
		const { level, inside } = this.inside(id);
		if (!level || !inside) return [{ key: id }];
		const ports = portsOf(level.inputs.map(([, outside]) => outside));
		const place = inside.inputPorts[ports.indexOf(from)];
		if (place === undefined) return [{ key: id }];
		return [{ key: into(id, from), point: this.border(id, place, false) }];
	}

	private inside(id: string): { level?: GraphLevel | undefined; inside?: LevelLayout | undefined } {
		const inside = this.placed.get(id)?.layout.inside;
		return inside ? { level: this.tree.level(id), inside } : {};
	}

	/** The point of a port on an open box's border. */
	private border(id: string, along: number, leaves: boolean): Point {
		const found = this.placed.get(id);
		if (!found) return [0, 0];
		const { x, y, width, height } = found.box;
		if (this.down) return [x + indent(found.layout) + along, y + (leaves ? height : 0)];
		return [x + (leaves ? width : 0), y + HEADER + along];
	}
}

function indent(box: BoxLayout): number {
	return (box.width - (box.inside?.width ?? 0)) / 2;
}

function into(scope: string, port: string): string {
	return `${scope}\u0001<${port}`;
}

function outOf(scope: string, port: string): string {
	return `${scope}\u0001>${port}`;
}
