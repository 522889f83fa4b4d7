import { beforeEach, expect, test, vi } from "vitest";
import { loadAsset, UPGRADED } from "../../src/session/assets";
import { asker } from "../panels/stage";

beforeEach(() => {
	vi.stubGlobal("VERSION", "1.2.0");
	Reflect.deleteProperty(globalThis, Symbol.for("nbviz.assets"));
});

const kernel = asker((question) => {
	if (question.kind !== "send_asset") throw new Error(question.kind);
	const { name } = question;
	const bytes = new DataView(new ArrayBuffer(1));
	const answer = { kind: "asset_sent", client_id: "", request_id: 1, name, buffer: 0 } as const;
	return Promise.resolve({ ...answer, bytes });
});

test("an asset is loaded once for the page", async () => {
	const evaluate = vi.fn(() => Promise.resolve({ version: "1.2.0" }));
	const [first, second] = await Promise.all([
		loadAsset("media", kernel, evaluate),
		loadAsset("media", kernel, evaluate),
	]);
	expect(second).toBe(first);
	expect(evaluate).toHaveBeenCalledOnce();
});

test("an asset of another version is refused with the next act, and can be loaded later", async () => {
	const other = () => Promise.resolve({ version: "1.3.0" });
	await expect(loadAsset("media", kernel, other)).rejects.toThrow(UPGRADED);
	const same = () => Promise.resolve({ version: "1.2.0" });
	expect((await loadAsset("media", kernel, same)).version).toBe("1.2.0");
});

test("a view whose kernel is busy, or that is closed, keeps no other view from loading", async () => {
	vi.useFakeTimers();
	const evaluate = () => Promise.resolve({ version: "1.2.0" });
	const busy = asker(() => new Promise<never>(() => undefined));
	void loadAsset("media", busy, evaluate);
	const other = loadAsset("media", kernel, evaluate);
	await vi.advanceTimersByTimeAsync(2000);
	expect((await other).version).toBe("1.2.0");
	expect(await loadAsset("media", busy, evaluate)).toBe(await other);
	vi.useRealTimers();
	let close = () => {};
	const closed = asker(
		() =>
			new Promise<never>((_, reject) => {
				close = () => reject(new Error("The view was closed."));
			}),
	);
	const first = loadAsset("audio", closed, evaluate);
	const second = loadAsset("audio", kernel, evaluate);
	close();
	await expect(first).rejects.toThrow("closed");
	expect((await second).version).toBe("1.2.0");
});
