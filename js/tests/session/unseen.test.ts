// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { PANELS } from "../../src/panels/panels.gen";
import type { UnseenRun, Update } from "../../src/protocol/index.gen";
import type { Asker } from "../../src/session/asker";
import type { Context } from "../../src/session/panel";
import { Store } from "../../src/session/store";
import { unseenRuns } from "../../src/session/unseen/unseen";

const LONELY = { run_id: "run-9", text: "'lonely' has been training without a view for 3 min." };
const OTHERS = { run_id: "", text: "2 others without a view: see nbviz.active()." };

let store: Store;
let root: HTMLElement;
let asked: unknown[];
let refusal: string;

const asker: Asker = {
	isLive: true,
	async ask(question) {
		asked.push(question);
		if (refusal) throw new Error(refusal);
		return {} as never;
	},
};
const lines = () => [...root.querySelectorAll(".nbviz-message")].map((line) => line.textContent);
const press = (label: string) =>
	root.querySelector<HTMLElement>(`[aria-label="${label}"]`)?.click();

async function tell(...runs: UnseenRun[]): Promise<void> {
	store.apply({ kind: "unseen_changed", runs } as Update, []);
	await new Promise(requestAnimationFrame);
}

beforeEach(() => {
	store = new Store(PANELS);
	root = document.createElement("div");
	asked = [];
	refusal = "";
	unseenRuns(root, { store, asker } as Context);
});

test("a line for each run above the view, while there are some", async () => {
	expect(lines()).toEqual([]);
	await tell(LONELY, OTHERS);
	expect(lines()).toEqual([`${LONELY.text}Show it hereStop it`, OTHERS.text]);
	expect(root.firstElementChild?.className).toBe("nbviz-unseen");
	await tell();
	expect(lines()).toEqual([]);
});

test.each([
	["Show it here", "show"],
	["Stop it", "stop"],
])("%s asks the kernel", async (label, act) => {
	await tell(LONELY);
	press(label);
	expect(asked).toEqual([{ kind: "act_on_unseen", run_id: "run-9", act }]);
	await vi.waitFor(() => expect(lines()).toEqual([]));
});

test("what the kernel refuses is said in the line", async () => {
	refusal = "no run 'run-9' trains without a view any more.";
	await tell(LONELY);
	press("Stop it");
	await vi.waitFor(() => expect(lines()[0]).toContain(refusal));
});

test("what was dismissed stays away as long as it trains", async () => {
	await tell(LONELY, OTHERS);
	press("Dismiss the message");
	expect(lines()).toEqual([OTHERS.text]);
	await tell({ ...LONELY, text: "'lonely' has been training without a view for 4 min." });
	expect(lines()).toEqual([]);
});
