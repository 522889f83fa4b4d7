// Steers a run: its state, start to stop, progress, and the values that can be changed as it trains.

import type { RunStatus, Setting } from "../../protocol/index.gen";
import { type Asset, loadAsset } from "../../session/assets";
import { failureOf } from "../../session/failure";
import type { Context, Mount } from "../../session/panel";
import type { RunState } from "../../session/run";
import { runPicker, selectionOf } from "../../session/selection";
import type { RunTopic } from "../../session/store";
import { element } from "../../ui/element";
import { formatCount } from "../../ui/format";
import { icon } from "../../ui/icons";
import { popup } from "../../ui/popup";
import { Banner, type BannerAct } from "./banner";
import { ToolbarControls } from "./controls";
import { NewestValues } from "./newest";
import { ProgressView } from "./progress";

const TOPICS: readonly RunTopic[] = ["runs", "progress", "settings"];
const WORDS: Record<RunStatus, string> = {
	ready: "Ready",
	running: "Running",
	paused: "Paused",
	stopping: "Stopping…",
	finished: "Finished",
	stopped: "Stopped",
	failed: "Failed",
};

const SILENT = "No answer from the kernel";
const GONE = "The kernel is gone: a picture of its run";

interface Settings {
	update(run: RunState | undefined, settings: readonly Setting[]): void;
}

/** What the asset `settings` holds: the page of a run without any does without it. */
interface SettingsAsset extends Asset {
	readonly Settings: new (
		first: HTMLElement,
		others: HTMLElement,
		set: (name: string, value: number) => Promise<void>,
	) => Settings;
}

export const mountToolbar: Mount = (host, context) => {
	const toolbar = new Toolbar(context);
	host.append(toolbar.root);
	return () => toolbar.remove();
};

class Toolbar {
	readonly root = element("div", "nbviz-panel nbviz-toolbar", {
		role: "region",
		"aria-label": "Run controls",
	});
	private readonly word = element("span", "nbviz-status-word", { "aria-live": "polite" });
	private readonly status = element(
		"span",
		"nbviz-status",
		{},
		element("span", "nbviz-status-dot"),
		this.word,
	);
	private readonly name = element("span", "nbviz-run-name");
	private readonly silence = element(
		"span",
		"nbviz-badge nbviz-badge-bad",
		{
			role: "status",
			hidden: "",
			title: "It is busy, was restarted or is gone. What is drawn here stays; run the cell again.",
		},
		SILENT,
	);
	private readonly progress = new ProgressView();
	private readonly notices = element("div", "nbviz-notices", { role: "status" });
	private readonly controls: ToolbarControls;
	private readonly first = element("div", "nbviz-settings-first");
	private readonly others = element("div", "nbviz-settings-others");
	private readonly settings = element("div", "nbviz-settings", {}, this.others);
	private readonly newest: NewestValues;
	private readonly banner = new Banner();
	private readonly health = element("span", "nbviz-health", { hidden: "" });
	private readonly messageText = element("span", "nbviz-message-text");
	private readonly message = element("div", "nbviz-message", { role: "alert" });
	private settingControls: Settings | undefined;
	private isLoading = false;
	private readonly cleanups: (() => void)[] = [];
	private readonly updatePicker: () => void;
	private shownRun: RunState | undefined;
	private steps: HTMLElement | undefined;
	private sticks = true;

	constructor(private readonly context: Context) {
		const { asker } = context;
		const { picker, update } = runPicker(context);
		this.updatePicker = update;
		this.controls = new ToolbarControls(context.root, (name, args) => this.ask(name, args));
		this.newest = new NewestValues(context);
		const badge = element("span", "nbviz-badge", {}, "Recorded run");
		badge.hidden = asker.isLive;
		const identity = element(
			"div",
			"nbviz-identity",
			{},
			this.status,
			picker,
			this.health,
			this.name,
			badge,
			this.silence,
		);
		this.buildMessage();
		this.root.append(
			element(
				"div",
				"nbviz-toolbar-main",
				{},
				identity,
				this.controls.root,
				this.newest.root,
				this.progress.line,
				this.first,
				context.arrangement === "bar" ? this.lead() : this.more(),
			),
			this.progress.bar,
			this.banner.root,
			this.notices,
			this.message,
		);
		const selection = selectionOf(context);
		this.cleanups.push(
			selection.subscribe(() => this.update()),
			context.store.subscribe((topics) => {
				if (TOPICS.some((topic) => topics.has(topic))) this.update();
				else this.updateHealth(selectionOf(context).run);
			}),
			() => this.controls.remove(),
		);
		this.update();
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
		this.root.remove();
	}

	/** Leads from a bar to the view that it stands for. */
	private lead(): HTMLElement {
		const button = element(
			"button",
			"nbviz-button nbviz-button-small nbviz-lead",
			{ type: "button" },
			"Show the view",
		);
		button.addEventListener("click", () => this.context.show("toolbar"));
		return button;
	}

	/** What else is known of the run and can be set on it, behind a button. */
	private more(): HTMLElement {
		const label = "More: settings, speed, device";
		const button = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-icon-button nbviz-more-button",
			{ type: "button", title: label, "aria-label": label },
			icon("more"),
		);
		const steps = element(
			"label",
			"nbviz-more-steps",
			{},
			"Steps that Step makes",
			this.controls.count,
		);
		const box = element("div", "nbviz-more", {}, this.progress.facts, steps, this.settings);
		const { root, close } = popup(button, box, label);
		this.cleanups.push(close);
		this.steps = steps;
		return root;
	}

	private buildMessage(): void {
		const dismiss = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-button-small",
			{ type: "button", "aria-label": "Dismiss the message" },
			icon("close"),
		);
		dismiss.addEventListener("click", () => {
			this.message.hidden = true;
		});
		this.message.hidden = true;
		this.message.append(this.messageText, dismiss);
	}

	private async ask(name: string, args: Record<string, unknown>): Promise<void> {
		const { run } = selectionOf(this.context);
		if (!run) return;
		this.message.hidden = true;
		try {
			await this.context.asker.ask({
				kind: "control",
				run_id: run.run_id,
				name,
				arguments: args,
			});
		} catch (error) {
			this.say(error instanceof Error ? error.message : String(error));
			throw error;
		}
	}

	private say(text: string): void {
		this.messageText.textContent = text;
		this.message.hidden = false;
	}

	private update(): void {
		this.updatePicker();
		const { store } = this.context;
		const { run } = selectionOf(this.context);
		const progress = run?.progress;
		const status = progress?.status ?? "ready";
		if (run !== this.shownRun) {
			if (run?.run_id !== this.shownRun?.run_id) this.message.hidden = true;
			this.shownRun = run;
		}
		this.root.dataset.status = status;
		this.root.dataset.step = String(progress?.step ?? 0);
		// The status dot pulses as long as updates of the run arrive.
		this.root.dataset.beat = String(Math.floor(progress?.elapsed_seconds ?? 0) % 2);
		this.silence.hidden = !store.isSilent && !store.isGone;
		const silence = store.isGone ? GONE : SILENT;
		if (this.silence.textContent !== silence) this.silence.textContent = silence;
		const word = run
			? progress?.status_text || WORDS[status]
			: store.isFilled
				? "No run yet"
				: "Waiting for the kernel…";
		if (this.word.textContent !== word) this.word.textContent = word;
		const failure = run && failureOf(run);
		this.status.title = failure?.summary ?? "";
		this.banner.update(failure, failure ? this.acts(run) : []);
		this.name.hidden = store.runs.size > 1;
		if (this.name.textContent !== (run?.name ?? "")) this.name.textContent = run?.name ?? "";
		this.name.title = run?.name ?? "";
		this.progress.update(progress);
		const notices = progress?.notices.join("\n") ?? "";
		this.notices.hidden = notices === "";
		if (this.notices.textContent !== notices) this.notices.textContent = notices;
		this.root.dataset.gone = String(store.isGone);
		const isSteered = this.context.asker.isLive && run !== undefined && !store.isGone;
		this.controls.update(isSteered ? run : undefined);
		if (this.steps) this.steps.hidden = !isSteered || !run?.commands.includes("step");
		this.updateHealth(run);
		this.repeatState();
		this.updateSettings(isSteered ? run : undefined);
	}

	/** Newest values, and whether one of them is no number any more. */
	private updateHealth(run: RunState | undefined): void {
		this.newest.update(run);
		const { broken } = this.newest;
		this.root.dataset.broken = String(broken !== "");
		this.health.hidden = broken === "";
		if (this.health.textContent !== broken) this.health.textContent = broken;
	}

	/** Says at the inspector's head where the run is, in a page in which the toolbar scrolls away. */
	private repeatState(): void {
		const { root } = this.context;
		const place = root.querySelector<HTMLElement>(".nbviz-inspector-state");
		if (!place) return;
		const { status = "", step = "0" } = this.root.dataset;
		if (place.dataset.status !== status) this.sticks = staysInSight(root);
		place.dataset.status = status;
		const text = [this.word.textContent, `step ${formatCount(Number(step))}`].join(" · ");
		place.textContent = this.sticks ? "" : text;
	}

	/** What can be done after a failure. */
	private acts(run: RunState): BannerAct[] {
		const acts: BannerAct[] = [];
		const { panels, root, asker } = this.context;
		const log = panels.find(({ name }) => name === "log");
		if (log && root.querySelector(`.nbviz-slot-${log.name}`)) {
			acts.push({ label: "Show traceback", run: () => this.context.show(log.name) });
		}
		if (asker.isLive && !this.context.store.isGone && run.commands.includes("start")) {
			const label = `Go on after step ${formatCount(run.progress?.step ?? 0)}`;
			acts.push({ label, run: () => void this.ask("start", {}).catch(() => undefined) });
			if (run.commands.includes("reset")) {
				acts.push({ label: "Reset", run: () => this.controls.askToReset() });
			}
		}
		return acts;
	}

	private updateSettings(run: RunState | undefined): void {
		const settings = run?.commands.includes("set") ? run.settings : [];
		this.settings.hidden = settings.length < 2;
		this.first.hidden = settings.length === 0;
		if (settings.length > 0) this.loadSettings();
		this.settingControls?.update(run, settings);
	}

	private loadSettings(): void {
		if (this.isLoading) return;
		this.isLoading = true;
		const loading: Promise<SettingsAsset> = loadAsset("settings", this.context.asker);
		loading.then(
			({ Settings }) => {
				const set = (name: string, value: number) => this.ask("set", { [name]: value });
				this.settingControls = new Settings(this.first, this.others, set);
				this.update();
			},
			(error: Error) => {
				if (!this.context.store.isGone) this.say(error.message);
			},
		);
	}
}

/** Whether what is sticky in a view stays in sight while its page scrolls. */
function staysInSight(root: HTMLElement): boolean {
	// There the workspace's style sees to it.
	if (root.closest(".jp-Notebook")) return true;
	for (let at = root.parentElement; at; at = at.parentElement) {
		const isRoom = /auto|scroll|hidden|clip/.test(getComputedStyle(at).overflowY);
		if (isRoom) return at.scrollHeight > at.clientHeight;
	}
	return window.parent === window;
}
