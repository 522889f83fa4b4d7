// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { mountToolbar } from "../../../src/panels/toolbar/panel";
import type { Update } from "../../../src/protocol/index.gen";
import * as settingsAsset from "../../../src/settings/asset";
import { runAdded, runChanged, settings, stage } from "../stage";

vi.hoisted(() => vi.stubGlobal("VERSION", "1.2.0"));

const ASSETS = Symbol.for("nbviz.assets");

beforeEach(() => {
	vi.stubGlobal("VERSION", "1.2.0");
	const loaded = Promise.resolve(settingsAsset);
	Object.assign(globalThis, { [ASSETS]: new Map([["settings 1.2.0", loaded]]) });
});

afterEach(() => vi.unstubAllGlobals());

const isAllowed = (button: Element) => button.getAttribute("aria-disabled") === "false";
const action = (name: string) => `[data-action="${name}"]`;

it("shows state, step and progress", async () => {
	const { mount, apply, find, root } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"));
	expect(find(".nbviz-toolbar").dataset).toMatchObject({ status: "running", step: "40" });
	expect(find(".nbviz-status-word").textContent).toBe("Running");
	expect(find("[role=progressbar]").getAttribute("aria-valuenow")).toBe("40");
	expect(root.textContent).toContain("40 / 100");
	expect(root.textContent).toContain("0.4 %");
});

it("says what a command waits for, and what holds the run up, as text", async () => {
	const { mount, apply, find } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"));
	expect(find(".nbviz-notices").hidden).toBe(true);
	const status_text = "Pausing after this step (12 s so far)";
	const notices = ["journal: waiting for the disk since 14 s", "at line 3: <img src=x>"];
	await apply(runChanged("running", { status_text, notices }));
	expect(find(".nbviz-status-word").textContent).toBe(status_text);
	expect(find(".nbviz-notices").hidden).toBe(false);
	expect(find(".nbviz-notices").textContent).toBe(notices.join("\n"));
	expect(find(".nbviz-notices").childElementCount).toBe(0);
});

it.each([
	["ready", ["start", "step"]],
	["running", ["pause", "step", "stop"]],
	["paused", ["resume", "step", "stop"]],
	["stopping", []],
	["finished", ["start", "step"]],
	["failed", ["start", "step"]],
] as const)("a run that is %s can %s", async (status, actions) => {
	const { mount, apply, root } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged(status));
	const enabled = [...root.querySelectorAll<HTMLButtonElement>("[data-action]")]
		.filter(isAllowed)
		.map((button) => button.dataset.action);
	expect(enabled).toEqual(actions);
});

it("asks for what is pressed, and waits for the answer", async () => {
	const { mount, apply, find, asked, answer } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("paused"));
	find<HTMLInputElement>(".nbviz-step-count").value = "5";
	find(action("step")).click();
	expect(asked).toEqual([{ kind: "control", run_id: "a", name: "step", arguments: { n: 5 } }]);
	expect(isAllowed(find(action("step")))).toBe(false);
	find(action("step")).click();
	expect(asked).toHaveLength(1);
	await answer();
	expect(isAllowed(find(action("step")))).toBe(true);
});

it("shows why a command was refused, as text, until it is dismissed", async () => {
	const { mount, apply, find, answer } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"));
	find(action("stop")).click();
	await answer("<img src=x> run-3 is over.");
	const message = find(".nbviz-message");
	expect(message.hidden).toBe(false);
	expect(message.textContent).toBe("<img src=x> run-3 is over.");
	expect(message.querySelector("img")).toBeNull();
	find(".nbviz-message button").click();
	expect(message.hidden).toBe(true);
});

it("applies the learning rate on release, not on the way", async () => {
	const { mount, apply, find, asked, answer } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"), settings(0.1));
	const slider = find<HTMLInputElement>(".nbviz-slider");
	const field = find<HTMLInputElement>('[data-setting="lr"]');
	slider.value = "500";
	slider.dispatchEvent(new Event("input"));
	expect(asked).toEqual([]);
	expect(field.value).toBe("0.001");
	slider.dispatchEvent(new Event("change"));
	expect(asked).toEqual([{ kind: "control", run_id: "a", name: "set", arguments: { lr: 0.001 } }]);
	expect(field.dataset.pending).toBe("true");
	await answer();
	expect(field.dataset.pending).toBe("true");
	await apply(settings(0.001));
	expect(field.dataset.pending).toBe("false");
	expect(field.value).toBe("0.001");
});

it("has sliders that end below a maximum that is itself refused", async () => {
	const { mount, apply, root, asked } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"), settings(0.1));
	const slider = root.querySelectorAll<HTMLInputElement>(".nbviz-slider")[1];
	if (!slider) throw new Error("no slider for momentum");
	slider.value = "1000";
	slider.dispatchEvent(new Event("change"));
	expect(asked).toMatchObject([{ arguments: { momentum: 0.999 } }]);
});

it("takes a number in scientific notation on Enter, and goes back if it is refused", async () => {
	const { mount, apply, find, asked, answer } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"), settings(0.1));
	const field = find<HTMLInputElement>('[data-setting="lr"]');
	field.value = "3e-4";
	field.dispatchEvent(new Event("input"));
	field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
	expect(asked).toHaveLength(1);
	await answer("lr must be below 1.");
	expect(field.value).toBe("0.1");
	expect(find(".nbviz-message").textContent).toBe("lr must be below 1.");
});

it.each(["abc", "", "-1"])("does not send %j", async (text) => {
	const { mount, apply, find, asked } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"), settings(0.1));
	const field = find<HTMLInputElement>('[data-setting="lr"]');
	field.value = text;
	field.dispatchEvent(new Event("input"));
	field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
	expect(asked).toEqual([]);
	expect(field.getAttribute("aria-invalid")).toBe("true");
});

it("leaves the value alone under a hand, and follows a scheduler otherwise", async () => {
	const { mount, apply, find } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"), settings(0.1));
	const field = find<HTMLInputElement>('[data-setting="lr"]');
	await apply(settings(0.05));
	expect(field.value).toBe("0.05");
	field.value = "0.2";
	field.dispatchEvent(new Event("input"));
	await apply(settings(0.025));
	expect(field.value).toBe("0.2");
	field.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
	expect(field.value).toBe("0.025");
});

it("pauses with P and steps with S, but not while a field has the keys", async () => {
	const { mount, apply, find, root, asked } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"), settings(0.1));
	const press = (target: Element, key: string) =>
		target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
	press(find('[data-setting="lr"]'), "p");
	expect(asked).toEqual([]);
	press(root, "p");
	expect(asked).toMatchObject([{ name: "pause" }]);
});

it("has no controls for a recorded run", async () => {
	const { mount, apply, find } = stage(false);
	mount(mountToolbar);
	await apply(runAdded(), runChanged("finished"), settings(0.1));
	expect(find(".nbviz-controls").hidden).toBe(true);
	expect(find(".nbviz-settings").hidden).toBe(true);
	expect(find(".nbviz-badge").hidden).toBe(false);
});

it("steers the run that is picked", async () => {
	const { mount, apply, find, asked } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"), runAdded("b", "other"));
	expect(find(".nbviz-toolbar").dataset.status).toBe("running");
	await apply(runChanged("paused", { run_id: "b", step: 7 }));
	const select = find<HTMLSelectElement>(".nbviz-run-picker select");
	select.value = "b";
	select.dispatchEvent(new Event("change"));
	expect(find(".nbviz-toolbar").dataset).toMatchObject({ status: "paused", step: "7" });
	find(action("resume")).click();
	expect(asked).toMatchObject([{ run_id: "b", name: "resume" }]);
});

it("says what going on after the end does, and asks before a reset", async () => {
	const { mount, apply, find, asked } = stage();
	mount(mountToolbar);
	const added = runAdded() as Extract<Update, { kind: "run_added" }>;
	await apply({ ...added, commands: [...added.commands, "reset"] }, runChanged("finished"));
	expect(find(action("start")).textContent).toBe("Continue for 40 epochs");
	expect(find(action("stop")).hidden).toBe(true);
	const question = find(".nbviz-question");
	expect(question.hidden).toBe(true);
	find(action("reset")).click();
	expect(question.hidden).toBe(false);
	expect(asked).toEqual([]);
	find(".nbviz-question button").click();
	expect(question.hidden).toBe(true);
	expect(asked).toMatchObject([{ name: "reset" }]);
});

it("has no reset for a run without that command", async () => {
	const { mount, apply, find } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("stopped"));
	expect(find(action("start")).textContent).toBe("Continue");
	expect(find(action("reset")).closest("[hidden]")).not.toBeNull();
});

it("tells of a failure with the line of the cell, and leads to the traceback", async () => {
	const { mount, apply, find, store, asked } = stage();
	mount(mountToolbar);
	const text = [
		"Traceback (most recent call last):",
		"  Cell In[5], line 7, in training_step",
		"    raise ValueError('no such digit')",
		'  File "/lib/torch/nn.py", line 3, in forward',
		"ValueError: no such digit",
	].join("\n");
	await apply(runAdded());
	const run = store.runs.get("a");
	if (run) run.error = { step: 40, text };
	await apply(runChanged("failed"));
	const banner = find(".nbviz-banner");
	expect(banner.hidden).toBe(false);
	expect(banner.textContent).toContain("Failed after step 40");
	expect(banner.textContent).toContain("ValueError: no such digit");
	expect(banner.textContent).toContain("In [5], line 7");
	expect(find(".nbviz-banner code").textContent).toBe("raise ValueError('no such digit')");
	find(".nbviz-banner button").click();
	expect(asked).toMatchObject([{ name: "start" }]);
	await apply(runChanged("running"));
	expect(banner.hidden).toBe(true);
});

it("has no controls for a kernel that is gone", async () => {
	const { mount, apply, find, store } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"), settings(0.1));
	store.setGone();
	await apply();
	expect(find(".nbviz-controls").hidden).toBe(true);
	expect(find(".nbviz-badge-bad").textContent).toContain("The kernel is gone");
});

it("says all of what Continue does, also where its label is cut", async () => {
	const { mount, apply, find } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("finished"));
	const button = find(action("start"));
	expect(button.getAttribute("aria-label")).toBe("Continue for 40 epochs");
	expect(button.title).toBe("Continue for 40 epochs");
	await apply(runChanged("running"));
	expect(find(action("pause")).hasAttribute("aria-label")).toBe(false);
});

it("says which scheduler drives the learning rate, and how groups differ", async () => {
	const { mount, apply, find } = stage();
	mount(mountToolbar);
	const one = (name: string, value: number, driver: string) =>
		({ name, value, minimum: 0, maximum: null, scale: "log", driver }) as const;
	const all = (...settings: ReturnType<typeof one>[]): Update => ({
		kind: "settings_changed",
		run_id: "a",
		settings,
	});
	await apply(runAdded(), runChanged("running"), all(one("lr", 0.1, "")));
	const driver = find(".nbviz-settings-first .nbviz-setting-driver");
	expect(driver.hidden).toBe(true);
	await apply(
		all(
			one("lr", 0.0098765, "CosineAnnealingLR"),
			one("lr/body", 0.0098765, "CosineAnnealingLR"),
			one("lr/head", 0.098765, "CosineAnnealingLR"),
		),
	);
	expect(driver.hidden).toBe(false);
	expect(driver.textContent).toBe("driven by CosineAnnealingLR: lr/body 0.009876, lr/head 0.09877");
	expect(find<HTMLInputElement>('[data-setting="lr"]').value).toBe("0.00988");
	expect(find(".nbviz-settings-first .nbviz-setting").title).toContain("CosineAnnealingLR");
});

it("shows nbviz's share in its line while it is above one per cent, with what it is of a step", async () => {
	const { mount, apply, find, root } = stage();
	mount(mountToolbar);
	const inLine = () =>
		[...root.querySelectorAll<HTMLElement>(".nbviz-line-facts .nbviz-fact")]
			.filter(({ hidden }) => !hidden)
			.map(({ textContent }) => textContent)
			.filter((text) => text?.startsWith("nbviz"));
	await apply(runAdded(), runChanged("running", { overhead: 0.009 }));
	expect(inLine()).toEqual([]);
	const overhead_text = "steps of 0.2 ms: 6 µs each";
	await apply(runChanged("running", { overhead: 0.03, overhead_text }));
	expect(inLine()).toEqual(["nbviz3.0 %"]);
	expect(find(".nbviz-more").textContent).toContain(`3.0 %of the time: ${overhead_text}`);
	await apply(runChanged("finished", { overhead: 0.03, overhead_text }));
	expect(inLine()).toEqual([]);
});

it("repeats the state at the inspector's head in a page in which it scrolls away", async () => {
	const { mount, apply, root } = stage();
	const place = document.createElement("span");
	place.className = "nbviz-inspector-state";
	root.append(place);
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"));
	expect(place.textContent).toBe("");
	// As an output that is as high as what is in it, within a page that scrolls.
	document.body.style.overflowY = "hidden";
	await apply(runChanged("paused"));
	expect(place.textContent).toBe("Paused · step 40");
	document.body.style.overflowY = "";
});

it("loads the settings once there are some, and says why they cannot be loaded", async () => {
	Reflect.deleteProperty(globalThis, ASSETS);
	const { mount, apply, find, asked, answer } = stage();
	mount(mountToolbar);
	await apply(runAdded(), runChanged("running"));
	expect(asked).toEqual([]);
	await apply(settings(0.1));
	await apply(settings(0.05));
	expect(asked).toEqual([{ kind: "send_asset", name: "settings" }]);
	await answer("nbviz was upgraded.");
	expect(find(".nbviz-message").textContent).toBe("nbviz was upgraded.");
});
