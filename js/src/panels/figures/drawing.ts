// What a library draws of a figure, and where.
import type { Library } from "../../protocol/index.gen";

/** CSS pixels for a figure. */
export interface Room {
	readonly width: number;
	readonly height: number;
	readonly isEnlarged: boolean;
}

/** What draws figures into one element, one in place of another. */
export interface Drawing {
	draw(figure: object, room: Room): Promise<void>;
	remove(): void;
}

/** A figure as its library's JSON. */
export interface Described {
	readonly library: Library;
	readonly step: number;
	readonly figure: object;
}
