// What is to be laid out, and what comes of it.
import type { Placed } from "./level";

/** What is to be laid out: a level whose opened boxes hold levels themselves. */
export interface LevelPlan {
	readonly boxes: readonly BoxPlan[];
	readonly edges: readonly (readonly [source: string, target: string])[];
	/** Ways in and out: the port at the border, and the box inside. */
	readonly inputs: readonly (readonly [port: string, box: string])[];
	readonly outputs: readonly (readonly [box: string, port: string])[];
}

export interface BoxPlan {
	readonly id: string;
	/** Of the box, or of the header alone if it is open. */
	readonly width: number;
	readonly height: number;
	readonly inside?: LevelPlan;
}

/** A level's layout; boxes, ports and routes are in the order of its plan. */
export interface LevelLayout extends Omit<Placed, "boxes"> {
	readonly boxes: readonly BoxLayout[];
}

export interface BoxLayout {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
	readonly inside?: LevelLayout;
}

/** The ports of one border, each once, in the order of a layout's `inputPorts` or `outputPorts`. */
export function portsOf(names: readonly string[]): string[] {
	return [...new Set(names)];
}
