// Everything that is drawn, in one coordinate system.
import type { AutogradTie, GraphNode } from "../../../protocol/index.gen";
import type { Direction, Point } from "../layout/level";
import type { BoxText } from "./box-text";

export interface SceneBox {
	readonly node: GraphNode;
	readonly text: BoxText;
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
	readonly depth: number;
	readonly open: boolean;
	/** The box around it, "" for none. */
	readonly parent: string;
}

/** A piece of a tensor's way, from a box or a port of an open one to the next. */
export interface SceneEdge {
	readonly id: string;
	readonly from: string;
	readonly to: string;
	readonly points: readonly Point[];
	/** Whether it ends at a box, and so with an arrow head unless its tie has none. */
	readonly arrives: boolean;
	readonly shape: string;
	/** What it is in a backward graph, where no gradient runs along it. */
	readonly tie: AutogradTie | undefined;
}

/** A link between two boxes that hold the same parameter. */
export interface SceneTie {
	readonly id: string;
	readonly from: string;
	readonly to: string;
	readonly path: string;
	/** The names of the shared parameter. */
	readonly names: string;
	/** How far it reaches to the right, or down in a graph from left to right. */
	readonly reach: number;
}

export interface Scene {
	readonly boxes: readonly SceneBox[];
	readonly edges: readonly SceneEdge[];
	readonly ties: readonly SceneTie[];
	readonly width: number;
	readonly height: number;
	readonly direction: Direction;
}
