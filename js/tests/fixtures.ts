// The same fixtures that the Python tests read.
import { readFileSync } from "node:fs";
import type { Message, Request, Update } from "../src/protocol/index.gen";

const FOLDER = `${import.meta.dirname}/../../tests/fixtures/protocol/`;

const ARRAYS = { float64: Float64Array, int16: Int16Array, uint8: Uint8Array };

interface Fixture {
	readonly message: Update | Message | Request;
	readonly buffers: { dtype: keyof typeof ARRAYS; values: (number | string)[] }[];
}

/** The fixture of one kind of message, with its buffers at an odd offset, as a comm may deliver them. */
export function fixture<K extends Fixture["message"]["kind"]>(
	kind: K,
): { message: Extract<Fixture["message"], { kind: K }>; buffers: DataView[] } {
	const read = JSON.parse(readFileSync(`${FOLDER}${kind}.json`, "utf-8")) as Fixture;
	return {
		message: read.message as Extract<Fixture["message"], { kind: K }>,
		buffers: read.buffers.map(({ dtype, values }) => {
			const numbers = values.map(Number);
			const array = ARRAYS[dtype].from(numbers);
			const odd = new Uint8Array(array.byteLength + 1);
			odd.set(new Uint8Array(array.buffer), 1);
			return new DataView(odd.buffer, 1);
		}),
	};
}

/** A rule that is written in Python and in TypeScript: examples that both must meet. */
export function rule<T>(name: string): T {
	const folder = `${import.meta.dirname}/../../tests/fixtures/rules/`;
	return JSON.parse(readFileSync(`${folder}${name}.json`, "utf-8")) as T;
}
