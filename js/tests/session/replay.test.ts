import { beforeEach, expect, test, vi } from "vitest";
import { PANELS } from "../../src/panels/panels.gen";
import type { Answer } from "../../src/session/asker";
import { type Recorded, Replay } from "../../src/session/replay";
import { Store } from "../../src/session/store";
import { fixture } from "../fixtures";

beforeEach(() => {
	vi.stubGlobal("requestAnimationFrame", () => 1);
});

const { message: graph } = fixture("graph_sent");
const { message: image } = fixture("image_sent");

function open(answers: Partial<Recorded>): Replay {
	const recorded = { updates: [], buffers: [btoa("AB")], ...answers };
	return new Replay(new Store(PANELS), recorded, { media: "export {}" }, PANELS);
}

test.each([
	["answers", { answers: [graph, { ...image, buffer: 0 }] as Answer[] }],
	[
		"levels and media",
		{ graphs: { [graph.run_id]: graph.levels }, media: [{ ...image, buffer: 0 }] as Answer[] },
	],
])("a page with %s answers what its panels ask", async (_, recorded) => {
	const replay = open(recorded);
	const { run_id } = graph;
	const scopes = [graph.levels[0]?.scope ?? ""];
	const levels = await replay.ask({ kind: "send_graph", run_id, scopes });
	expect(levels.levels.map(({ scope }) => scope)).toEqual(scopes);
	expect(levels.overlays).toEqual([]);
	const { tag, run_id: of } = image;
	const question = { kind: "send_media", run_id: of, tag, step: 9, after: -1, pixels: 1 } as const;
	const item = await replay.ask(question);
	expect(item.kind === "image_sent" && item.bytes.getUint8(0)).toBe(65);
	await expect(replay.ask({ ...question, tag: "another" })).rejects.toThrow("no kernel to ask");
});

test("assets come from the page, and nothing else can be asked", async () => {
	const replay = open({});
	const { bytes } = await replay.ask({ kind: "send_asset", name: "media" });
	expect(new TextDecoder().decode(bytes)).toBe("export {}");
	await expect(replay.ask({ kind: "send_asset", name: "graph" })).rejects.toThrow("no kernel");
});
