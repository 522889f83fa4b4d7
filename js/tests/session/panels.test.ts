// @vitest-environment happy-dom
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { PANELS } from "../../src/panels/panels.gen";
import type { Update } from "../../src/protocol/index.gen";
import { Store } from "../../src/session/store";
import { fixture } from "../fixtures";

const FOLDER = `${import.meta.dirname}/../../../tests/fixtures/protocol/`;
const kinds = readdirSync(FOLDER).map((file) => file.replace(".json", "") as Update["kind"]);

test("each kind of update that comes unasked is taken, by the run or by the one panel that owns it", () => {
	const owned: string[] = PANELS.flatMap((panel) => [...panel.kinds]);
	expect(new Set(owned).size).toBe(owned.length);
	const store = new Store(PANELS);
	store.apply(fixture("run_added").message, []);
	// Requests, answers and envelopes name the page that they come from or go to.
	const unasked = kinds.filter((kind) => !("client_id" in fixture(kind).message));
	expect(unasked.length).toBeGreaterThan(owned.length);
	expect(owned.filter((kind) => !(unasked as string[]).includes(kind))).toEqual([]);
	for (const kind of unasked) {
		const { message, buffers } = fixture(kind);
		expect(store.apply(message, buffers)).toBeUndefined();
	}
});

test("a kind that is not known is refused", () => {
	const store = new Store(PANELS);
	store.apply(fixture("run_added").message, []);
	const unknown = { kind: "made_up", run_id: "run-1" } as unknown as Update;
	expect(() => store.apply(unknown, [])).toThrow(/unknown update .*made_up/);
});
