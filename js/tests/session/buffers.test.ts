// What is read from the bytes that Python deflated, at whatever place in a message they lie.
import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import type { NumberType } from "../../src/protocol/index.gen";
import { inflateDoubles, inflateParts } from "../../src/session/buffers";
import { rule } from "../fixtures";

interface Deflated {
	readonly parts: readonly { readonly type: NumberType; readonly values: readonly number[] }[];
	readonly planes: readonly number[];
}

/** Deflated bytes that do not begin at a multiple of any number's size. */
function deflated(planes: readonly number[]): DataView {
	const bytes = deflateSync(Uint8Array.from(planes));
	const odd = new Uint8Array(bytes.length + 1);
	odd.set(bytes, 1);
	return new DataView(odd.buffer, 1);
}

test("parts of each type come as they were", async () => {
	const { parts, planes } = rule<Deflated>("deflated");
	const found = await inflateParts(
		deflated(planes),
		parts.map(({ type, values }) => [type, values.length] as const),
	);
	expect(found.map((part) => [...part])).toEqual(parts.map(({ values }) => values));
});

test("one part of float64 needs no count", async () => {
	const bytes = new Uint8Array(Float64Array.of(1.5, -2).buffer);
	const planes = Array.from(bytes, (_, i) => bytes[(i % 2) * 8 + Math.floor(i / 2)] ?? 0);
	expect([...(await inflateDoubles(deflated(planes)))]).toEqual([1.5, -2]);
});

test("what is damaged or cut off is refused", async () => {
	const whole = deflated(Array.from({ length: 999 }, (_, i) => (i * i) % 251));
	const cut = new DataView(whole.buffer, whole.byteOffset, whole.byteLength - 40);
	for (const bytes of [cut, new DataView(new ArrayBuffer(20))])
		await expect(inflateDoubles(bytes)).rejects.toThrow();
});
