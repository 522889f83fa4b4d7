// One level of the graph as it is laid out: boxes and ways without names, and where they are put.

/** From top to bottom, or from left to right. */
export type Direction = "TB" | "LR";

/** A point in the coordinates of its level, whose origin is its top left corner. */
export type Point = readonly [x: number, y: number];

/** A level without names: boxes and ports are numbered in their order. */
export interface LevelShape {
	readonly sizes: readonly (readonly [width: number, height: number])[];
	readonly edges: readonly (readonly [source: number, target: number])[];
	readonly inputs: readonly (readonly [port: number, box: number])[];
	readonly outputs: readonly (readonly [box: number, port: number])[];
}

export interface Placed {
	readonly width: number;
	readonly height: number;
	/** Top left corners. */
	readonly boxes: readonly Point[];
	/** For the edges, then the inputs, then the outputs: points from border to border. */
	readonly routes: readonly (readonly Point[])[];
	/** Where each port is along the border: its x from top to bottom, its y from left to right. */
	readonly inputPorts: readonly number[];
	readonly outputPorts: readonly number[];
}
