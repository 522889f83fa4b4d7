// The line under the toolbar that says how far a rewind is and what came of it, and offers to find the step
// that broke a loss.
import type { Event } from "../protocol/index.gen";
import type { Context } from "../session/panel";
import type { RunState } from "../session/run";
import { selectionOf } from "../session/selection";
import { shownStepOf } from "../session/shown-step";
import { element } from "../ui/element";
import { formatCount, formatDuration, formatNumber } from "../ui/format";
import { icon } from "../ui/icons";
import type { Command } from "./go-back";

interface Outcome {
	readonly text: string;
	readonly isFailure: boolean;
	/** The run to which it has led, or that it was refused; "" for none. */
	readonly run_id: string;
	/** The panel in which it is to be seen; "" for none. */
	readonly panel: string;
	/** Where the run was when it was first shown, and how many faults it had: else it is old news. */
	since?: string;
}

export class ActStrip {
	private readonly text = element("span", "nbviz-act-text");
	private readonly meter = element("progress", "nbviz-act-meter", {
		"aria-label": "Steps made again",
	});
	private readonly act = element("button", "nbviz-button nbviz-button-small", { type: "button" });
	private readonly dismiss = element(
		"button",
		"nbviz-button nbviz-button-quiet nbviz-icon-button",
		{ type: "button", title: "Dismiss", "aria-label": "Dismiss" },
		icon("close"),
	);
	private readonly root = element(
		"div",
		"nbviz-act",
		{ hidden: "" },
		this.text,
		this.meter,
		this.act,
		this.dismiss,
	);
	/** The newest act that had ended when it was last looked at. */
	private ended = 0;
	private outcome: Outcome | undefined;
	/** A run that an act has led to, and that is not there yet. */
	private awaited: string | undefined;
	private readonly dismissed = new Set<string>();
	private readonly dismissedFaults = new Set<string>();
	private press: () => void = () => undefined;

	constructor(
		private readonly context: Context,
		private readonly command: Command,
	) {
		for (const { going_back } of context.store.runs.values()) {
			this.ended = Math.max(this.ended, going_back?.number ?? 0);
		}
		this.act.addEventListener("click", () => this.press());
		this.dismiss.addEventListener("click", () => {
			const { run } = selectionOf(context);
			if (this.outcome) this.outcome = undefined;
			else if (run && this.fault(run)) this.dismissedFaults.add(run.run_id);
			else if (run) this.dismissed.add(run.run_id);
			this.update();
		});
		context.root.querySelector(".nbviz-toolbar")?.append(this.root);
	}

	remove(): void {
		this.root.remove();
	}

	/** Says that a command was refused. */
	fail(text: string): void {
		const { run } = selectionOf(this.context);
		this.outcome = { text, isFailure: true, run_id: run?.run_id ?? "", panel: "" };
		this.update();
	}

	update(): void {
		const { store } = this.context;
		for (const run of store.runs.values()) this.look(run);
		const { awaited } = this;
		if (awaited !== undefined && store.runs.has(awaited)) {
			this.awaited = undefined; // what is notified now asks for this again
			selectionOf(this.context).choose(awaited);
			shownStepOf(this.context).choose(undefined);
		}
		const busy = [...store.runs.values()].find(({ going_back }) => going_back?.doing);
		const { run } = selectionOf(this.context);
		if (store.isGone) this.root.hidden = true;
		else if (busy?.going_back) this.showProgress(busy);
		else if (this.outcome) this.showOutcome(this.outcome);
		else if (run && this.fault(run)) this.offerToUndo(run);
		else if (run && this.broken(run)) this.offerSearch(run);
		else this.root.hidden = true;
	}

	/** Takes in what came of an act. */
	private look(run: RunState): void {
		const { run_id, going_back, progress } = run;
		const { outcome } = this;
		if (outcome?.run_id === run_id && progress) {
			const now = `${outcome.isFailure ? "" : progress.step} ${faultsOf(run).length}`;
			outcome.since ??= now;
			if (now !== outcome.since) this.outcome = undefined;
		}
		if (!going_back) return;
		const { number, outcome: text, is_failure, outcome_run, outcome_panel } = going_back;
		if (number <= this.ended) return;
		this.ended = number;
		const led = outcome_run || (is_failure ? run_id : "");
		this.outcome = { text, isFailure: is_failure, run_id: led, panel: outcome_panel };
		if (outcome_run) this.awaited = outcome_run;
	}

	private showOutcome({ isFailure, text, panel }: Outcome): void {
		const { root, panels } = this.context;
		const there = panels.find(({ name }) => name === panel);
		const isThere = there && root.querySelector(`.nbviz-slot-${panel}`) !== null;
		const label = isThere ? `Show in ${there.asset?.title ?? panel}` : "";
		this.show(isFailure ? "bad" : "good", text, label, () => this.context.show(panel));
	}

	private showProgress(run: RunState): void {
		const { doing, first, last, at, step_seconds } = run.going_back ?? {};
		const span = (last ?? 0) - (first ?? 0);
		const done = Math.min(span, Math.max(0, (at ?? 0) - (first ?? 0)));
		const left = (span - done) * (step_seconds ?? 0);
		const much = left >= 1 ? `, about ${formatDuration(left)} left` : "";
		const where = at
			? `: step ${formatCount(at)}${span > 0 ? ` of ${formatCount(last ?? 0)}` : ""}`
			: "";
		this.show("busy", `${doing}${where}${much}`, "Cancel", () => this.command(run, "cancel", {}));
		this.meter.hidden = span <= 0;
		this.meter.max = Math.max(1, span);
		this.meter.value = done;
	}

	/** The newest fault that was injected into a run, as long as that can be undone. */
	private fault(run: RunState): Event | undefined {
		if (!run.going_back || this.dismissedFaults.has(run.run_id)) return undefined;
		return faultsOf(run).at(-1);
	}

	private offerToUndo(run: RunState): void {
		const fault = this.fault(run);
		if (!fault) return;
		const { step, text } = fault;
		const undo = () => this.command(run, "rewind", { step });
		const canUndo = !run.going_back?.refused && (run.progress?.step ?? 0) > 0;
		const label = canUndo ? `Undo: rewind to step ${formatCount(step)}` : "";
		this.show("bad", `Since step ${formatCount(step)}: ${text}.`, label, undo);
	}

	/** What became NaN or infinite in a run, as far as it can be looked into. */
	private broken(run: RunState): string {
		if (!run.going_back || this.dismissed.has(run.run_id)) return "";
		for (const { newest } of this.context.panels) {
			for (const { label, value, brokenSince } of newest?.(run) ?? []) {
				if (value === undefined || brokenSince === undefined) continue;
				return `${label} is ${formatNumber(value)} since step ${formatCount(brokenSince)}.`;
			}
		}
		return "";
	}

	private offerSearch(run: RunState): void {
		const { refused = "", kept = [] } = run.going_back ?? {};
		const text = this.broken(run);
		if (refused)
			this.show("bad-values", `${text} Which step broke cannot be looked for: ${refused}.`);
		else if (kept.length === 0) this.show("bad-values", text);
		else {
			const search = () => this.command(run, "find_nonfinite", {});
			this.show("bad-values", text, "Find the first bad step", search);
		}
	}

	private show(kind: string, text: string, label = "", press: () => void = () => undefined): void {
		this.root.hidden = false;
		this.root.dataset.kind = kind;
		// How far it is changes several times a second: too often to be said aloud.
		this.text.setAttribute("aria-live", kind === "busy" ? "off" : "polite");
		if (this.text.textContent !== text) this.text.textContent = text;
		this.text.title = text;
		this.meter.hidden = true;
		this.act.hidden = label === "";
		if (this.act.textContent !== label) this.act.textContent = label;
		this.press = press;
		this.dismiss.hidden = kind === "busy";
	}
}

function faultsOf(run: RunState): Event[] {
	return run.events.filter(({ event }) => event === "fault");
}
