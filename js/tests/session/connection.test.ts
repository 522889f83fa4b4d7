// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PANELS } from "../../src/panels/panels.gen";
import type { Request } from "../../src/protocol/index.gen";
import { type Channel, Connection } from "../../src/session/connection";
import { Store } from "../../src/session/store";
import { fixture } from "../fixtures";

/** A comm whose other end is the test. */
class Comm implements Channel {
	readonly sent: Request[] = [];
	private readonly listeners = new Map<string, (content: unknown, buffers: unknown[]) => void>();

	isClosed = false;

	send(content: unknown): void {
		if (this.isClosed) throw new Error("Cannot send");
		this.sent.push(content as Request);
	}
	on(event: string, listener: (content: unknown, buffers: unknown[]) => void): void {
		this.listeners.set(event, listener);
	}
	off(event: string): void {
		this.listeners.delete(event);
	}
	deliver(content: unknown, buffers: unknown[] = []): void {
		this.listeners.get("msg:custom")?.(content, buffers);
	}
	/** As Jupyter does where it restarts the kernel. */
	lose(): void {
		this.isClosed = true;
		this.listeners.get("comm_live_update")?.(undefined, []);
	}
	kinds(): string[] {
		return this.sent.map((request) => request.kind);
	}
	get client(): string {
		return this.sent[0]?.client_id ?? "";
	}
	snapshot(sequence = 4): void {
		this.deliver({ ...fixture("snapshot").message, client_id: this.client, sequence });
	}
	frame(sequence: number): void {
		this.deliver({ ...fixture("frame").message, sequence });
	}
}

let comm: Comm;
let store: Store;

beforeEach(() => {
	vi.useFakeTimers();
	comm = new Comm();
	store = new Store(PANELS);
});
afterEach(() => vi.useRealTimers());

describe("a kernel from which nothing comes", () => {
	test("is noticed while something is due from it, asked, and received from again", () => {
		const connection = new Connection(comm, store, false);
		comm.snapshot(4);
		const running = { ...fixture("run_changed").message, run_id: "run-1", status: "running" };
		comm.deliver({ kind: "frame", client_id: "", sequence: 5, updates: [running] });
		vi.advanceTimersByTime(9000);
		expect(store.isSilent).toBe(false);
		vi.advanceTimersByTime(2000);
		expect(store.isSilent).toBe(true);
		expect(comm.kinds().filter((kind) => kind === "ready").length).toBeGreaterThan(1);
		comm.snapshot(9);
		expect(store.isSilent).toBe(false);
		connection.close();
	});

	test("is gone at once where Jupyter restarts it, though nothing is due", () => {
		new Connection(comm, store, false);
		comm.snapshot(4);
		expect(store.isGone).toBe(false);
		comm.lose();
		expect(store.isGone).toBe(true);
	});

	test("is sent something now and then while it is idle, ever more rarely: one that died is noticed", () => {
		const connection = new Connection(comm, store, false);
		comm.snapshot(4);
		const probes = () => comm.kinds().filter((kind) => kind === "acknowledge").length;
		vi.advanceTimersByTime(10_000);
		const [soon] = [probes()];
		expect(soon).toBeGreaterThan(0);
		vi.advanceTimersByTime(600_000);
		expect(probes() - soon).toBeLessThan(20);
		expect(store.isGone).toBe(false);
		comm.isClosed = true;
		vi.advanceTimersByTime(61_000);
		expect(store.isGone).toBe(true);
		connection.close();
	});

	test("is not awaited while nothing runs and nothing was asked", () => {
		const connection = new Connection(comm, store, false);
		vi.advanceTimersByTime(60_000);
		expect(store.isSilent).toBe(false);
		connection.ask({ kind: "send_asset", name: "graph" } as never).catch(() => undefined);
		vi.advanceTimersByTime(11_000);
		expect(store.isSilent).toBe(true);
		connection.close();
	});

	test("is not awaited for what it has passed over: that lies behind a cell", () => {
		const connection = new Connection(comm, store, false);
		comm.snapshot(4);
		const steer = (name: string) =>
			connection.ask({ kind: "control", run_id: "run-1", name, arguments: {} });
		steer("pause").catch(() => undefined);
		steer("resume").catch(() => undefined);
		const { message: done } = fixture("command_done");
		const answer = { ...done, client_id: comm.client, request_id: 2 };
		comm.deliver({ kind: "reply", client_id: comm.client, updates: [answer] });
		const said = comm.kinds().filter((kind) => kind === "ready").length;
		vi.advanceTimersByTime(60_000);
		expect(store.isSilent).toBe(false);
		expect(comm.kinds().filter((kind) => kind === "ready")).toHaveLength(said);
		connection.close();
	});

	test("has its frames drawn while it is asked whether it is there", () => {
		const connection = new Connection(comm, store, false);
		comm.snapshot(4);
		connection.ask({ kind: "send_asset", name: "graph" }).catch(() => undefined);
		vi.advanceTimersByTime(11_000);
		expect(store.isSilent).toBe(true);
		comm.frame(5);
		expect(store.isSilent).toBe(false);
		expect(store.runs.get("run-1")?.epochs).toEqual([0]);
		connection.close();
	});

	test("is known to be gone when its comm is closed", () => {
		const connection = new Connection(comm, store, false);
		comm.isClosed = true;
		connection.ask({ kind: "send_asset", name: "graph" } as never).catch(() => undefined);
		expect(store.isSilent).toBe(true);
	});
});

describe("pushed frames", () => {
	test("a page says that it is ready, and says so again until a snapshot comes", () => {
		const connection = new Connection(comm, store, false);
		expect(comm.kinds()).toEqual(["ready"]);
		vi.advanceTimersByTime(300);
		expect(comm.kinds()).toEqual(["ready", "ready"]);
		vi.advanceTimersByTime(60_000); // ever more rarely
		const ready = comm.sent.filter((request) => request.kind === "ready");
		expect(ready.length).toBeLessThan(12);
		expect(ready.map(({ attempt }) => attempt)).toEqual(ready.map((_, at) => at + 1));
		expect(new Set(ready.map(({ need }) => need))).toEqual(new Set([1]));
		comm.snapshot();
		vi.advanceTimersByTime(10_000);
		expect(comm.kinds().filter((kind) => kind === "ready")).toHaveLength(ready.length);
		connection.close();
	});

	test("a page that is sent all unasked says that it is ready until it is heard", () => {
		const connection = new Connection(comm, store, false);
		const said = () => comm.kinds().filter((kind) => kind === "ready").length;
		comm.deliver({ ...fixture("snapshot").message, client_id: "", sequence: 4 });
		vi.advanceTimersByTime(300);
		expect(said()).toBe(2);
		// What comes meanwhile is drawn: it has its place.
		const running = { ...fixture("run_changed").message, run_id: "run-1", status: "running" };
		comm.deliver({ kind: "frame", client_id: "", sequence: 5, updates: [running] });
		expect(store.runs.get("run-1")?.progress?.status).toBe("running");
		comm.deliver({ kind: "reply", client_id: comm.client, updates: [] });
		vi.advanceTimersByTime(5000);
		expect(said()).toBe(2);
		connection.close();
	});

	test("what it asked for is asked again with it: both may wait where a cell runs", async () => {
		const connection = new Connection(comm, store, false);
		const asked = connection.ask({ kind: "send_graph", run_id: "run-1", scopes: [""] });
		const steered = connection.ask({
			kind: "control",
			run_id: "run-1",
			name: "step",
			arguments: { n: 1 },
		});
		vi.advanceTimersByTime(300);
		expect(comm.kinds()).toEqual(["ready", "send_graph", "control", "ready", "send_graph"]);
		comm.snapshot();
		const { message: graph } = fixture("graph_sent");
		const answer = { ...graph, client_id: comm.client, request_id: 1 };
		for (const _ of ["once", "and again, at the cell's end"])
			comm.deliver({ kind: "reply", client_id: comm.client, updates: [answer] });
		expect((await asked).kind).toBe("graph_sent");
		connection.close();
		await expect(steered).rejects.toThrow(/closed/);
	});

	test("what has no answer for long is asked again, ever more rarely, though frames come", async () => {
		const connection = new Connection(comm, store, false);
		comm.snapshot(4);
		const run = { run_id: "run-1" };
		const asked = connection.ask({ kind: "control", ...run, name: "stop", arguments: {} });
		const settled = connection.ask({ kind: "send_graph", ...run, scopes: [""] });
		const { message: graph } = fixture("graph_sent");
		const reply = (answer: object) =>
			comm.deliver({ kind: "reply", client_id: comm.client, updates: [answer] });
		reply({ ...graph, client_id: comm.client, request_id: 2 });
		await settled;
		const times = (kind: string) => comm.kinds().filter((one) => one === kind).length;
		for (let second = 1; second <= 300; second += 1) {
			vi.advanceTimersByTime(1000);
			comm.frame(4 + second);
			if (second === 9) expect(times("control")).toBe(1);
			if (second === 11) expect(times("control")).toBe(2);
		}
		expect(store.isSilent).toBe(false);
		expect(times("control")).toBeLessThan(9);
		expect(times("send_graph")).toBe(1);
		const requests = comm.sent.filter(({ kind }) => kind === "control");
		expect(new Set(requests.map((request) => JSON.stringify(request))).size).toBe(1);
		const { message: done } = fixture("command_done");
		reply({ ...done, client_id: comm.client, request_id: 1 });
		expect((await asked).kind).toBe("command_done");
		const said = times("control");
		vi.advanceTimersByTime(120_000);
		expect(times("control")).toBe(said);
		connection.close();
	});

	test("frames in sequence are applied and acknowledged together after painting", () => {
		const connection = new Connection(comm, store, false);
		comm.snapshot(4);
		comm.frame(5);
		comm.frame(6);
		expect(store.runs.get("run-1")?.epochs).toEqual([0]);
		vi.advanceTimersByTime(1000);
		const acknowledged = comm.sent.filter((request) => request.kind === "acknowledge");
		const { client: client_id } = comm;
		expect(acknowledged).toEqual([{ kind: "acknowledge", client_id, sequence: 6, views: 1 }]);
		connection.close();
	});

	test("a page says how many views it has: a deleted cell leaves its code behind", () => {
		const places = new Set([0, 1]);
		const connection = new Connection(comm, store, false, places);
		comm.snapshot(4);
		const said = () => comm.sent.flatMap((one) => (one.kind === "acknowledge" ? [one.views] : []));
		for (const sequence of [5, 6]) {
			comm.frame(sequence);
			vi.advanceTimersByTime(1000);
			places.clear();
		}
		expect(said()).toEqual([2, 0]);
		connection.close();
	});

	test("a missing frame asks for a snapshot, and the frames meanwhile are not applied", () => {
		const connection = new Connection(comm, store, false);
		comm.snapshot(4);
		comm.frame(6);
		expect(comm.kinds()).toEqual(["ready", "ready"]);
		comm.frame(7);
		expect(comm.kinds()).toEqual(["ready", "ready"]);
		expect(store.runs.get("run-1")?.epochs).toEqual([]);
		comm.snapshot(7);
		comm.frame(8);
		expect(store.runs.get("run-1")?.epochs).toEqual([0]);
		connection.close();
	});

	test("a frame that came before the snapshot or twice is left out", () => {
		const connection = new Connection(comm, store, false);
		comm.frame(3);
		comm.snapshot(4);
		comm.frame(4);
		expect(comm.kinds()).toEqual(["ready"]);
		expect(store.runs.get("run-1")?.epochs).toEqual([]);
		connection.close();
	});

	test("a snapshot for another page is not this page's", () => {
		const connection = new Connection(comm, store, false);
		comm.deliver({ ...fixture("snapshot").message, client_id: "another" });
		expect(store.runs.size).toBe(0);
		connection.close();
	});
});

describe("questions", () => {
	test("are answered by their number", async () => {
		const connection = new Connection(comm, store, false);
		const first = connection.ask({ kind: "send_graph", run_id: "run-1", scopes: [""] });
		const second = connection.ask({
			kind: "control",
			run_id: "run-1",
			name: "set",
			arguments: { lr: -1 },
		});
		const { message: failed } = fixture("command_failed");
		const { message: graph } = fixture("graph_sent");
		const reply = (update: object, request_id: number) =>
			comm.deliver({
				kind: "reply",
				client_id: comm.client,
				updates: [{ ...update, client_id: comm.client, request_id }],
			});
		reply(failed, 2);
		reply(graph, 1);
		await expect(second).rejects.toThrow("lr must be at least 0, got -1.");
		expect((await first).kind).toBe("graph_sent");
		connection.close();
	});

	test("from before the first answer are asked once more when a later one is answered", async () => {
		const connection = new Connection(comm, store, false);
		// What it needs to draw came unasked; its first words lie behind the cell that runs.
		comm.deliver({ ...fixture("snapshot").message, client_id: "", sequence: 4 });
		const first = connection.ask({ kind: "send_asset", name: "log" });
		const steered = connection.ask({
			kind: "control",
			run_id: "run-1",
			name: "step",
			arguments: { n: 1 },
		});
		const asked = connection.ask({ kind: "send_graph", run_id: "run-1", scopes: [""] });
		const { message: graph } = fixture("graph_sent");
		const reply = (update: object, request_id: number, buffers: unknown[] = []) =>
			comm.deliver(
				{
					kind: "reply",
					client_id: comm.client,
					updates: [{ ...update, client_id: comm.client, request_id }],
				},
				buffers,
			);
		for (const _ of ["once", "and again"]) reply(graph, 3);
		await asked;
		vi.advanceTimersByTime(2000);
		// What is steered is not: it might be done twice.
		const kinds = comm.kinds().filter((kind) => kind !== "acknowledge");
		expect(kinds).toEqual(["ready", "send_asset", "control", "send_graph", "send_asset"]);
		const content = [new DataView(new ArrayBuffer(3))];
		reply({ kind: "asset_sent", name: "log", buffer: 0 }, 1, content);
		expect((await first).bytes.byteLength).toBe(3);
		// Later ones are slow, and not lost.
		connection.ask({ kind: "send_graph", run_id: "run-1", scopes: ["a"] }).catch(() => undefined);
		connection.ask({ kind: "send_graph", run_id: "run-1", scopes: ["b"] }).catch(() => undefined);
		const sent = comm.sent.length;
		reply(graph, 5);
		expect(comm.sent.length).toBe(sent);
		connection.close();
		await expect(steered).rejects.toThrow(/closed/);
	});

	test("for a part of the page are answered by what came unasked, before or after", async () => {
		const connection = new Connection(comm, store, false);
		const offer = (name: string, size: number) => {
			const sent = { kind: "asset_sent", client_id: "", request_id: 0, name, buffer: 0 };
			const buffers = [new DataView(new ArrayBuffer(size))];
			comm.deliver({ kind: "reply", client_id: "", updates: [sent] }, buffers);
		};
		const asked = connection.ask({ kind: "send_asset", name: "curves" });
		offer("curves", 3);
		expect((await asked).bytes.byteLength).toBe(3);
		const unasked: string[] = [];
		connection.offeredUnasked = (name) => unasked.push(name);
		offer("lines", 5);
		expect(unasked).toEqual(["lines"]);
		const sent = comm.sent.length;
		expect((await connection.ask({ kind: "send_asset", name: "lines" })).bytes.byteLength).toBe(5);
		expect(comm.sent.length).toBe(sent);
		connection.close();
	});

	test("fail when the view is closed", async () => {
		const connection = new Connection(comm, store, false);
		const asked = connection.ask({ kind: "send_graph", run_id: "run-1", scopes: [""] });
		connection.close();
		await expect(asked).rejects.toThrow(/closed/);
	});
});

describe("pulling", () => {
	test("asks for each frame after the last has come, and never acknowledges", () => {
		const connection = new Connection(comm, store, true);
		comm.snapshot(0);
		vi.advanceTimersByTime(250);
		expect(comm.kinds()).toEqual(["ready", "pull"]);
		comm.deliver({ ...fixture("frame").message, client_id: comm.client, sequence: 1 });
		vi.advanceTimersByTime(250);
		expect(comm.kinds()).toEqual(["ready", "pull", "pull"]);
		connection.close();
	});

	test("starts over when a pull is never answered", () => {
		const connection = new Connection(comm, store, true);
		comm.snapshot(0);
		vi.advanceTimersByTime(4000);
		expect(comm.kinds().slice(0, 3)).toEqual(["ready", "pull", "ready"]);
		connection.close();
	});
});

test("a kernel that is gone ends the connection, and pending requests are rejected", async () => {
	const connection = new Connection(comm, store, false);
	comm.snapshot();
	comm.isClosed = true;
	vi.advanceTimersByTime(10_000);
	const asked = connection.ask({
		kind: "control",
		run_id: "run-1",
		name: "pause",
		arguments: {},
	});
	await expect(asked).rejects.toThrow("The kernel is gone.");
	expect(vi.getTimerCount()).toBe(0);
});
