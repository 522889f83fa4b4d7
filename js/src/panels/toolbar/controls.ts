// Start, Pause or Resume in one place, then Step and Stop. What a run cannot do now is greyed out.
import { hasEnded, type RunState } from "../../session/run";
import type { Dropdown } from "../../ui/dropdown";
import { element } from "../../ui/element";
import { type IconName, icon } from "../../ui/icons";
import { popup } from "../../ui/popup";

type Ask = (name: string, args: Record<string, unknown>) => Promise<void>;
type Action = "start" | "pause" | "resume" | "step" | "stop" | "reset";

const LABELS: Record<Action, string> = {
	start: "Start",
	pause: "Pause",
	resume: "Resume",
	step: "Step",
	stop: "Stop",
	reset: "Reset",
};
const MOST_STEPS = 1_000_000;

export class ToolbarControls {
	readonly root = element("div", "nbviz-controls", {
		role: "group",
		"aria-label": "Steer the run",
	});
	private readonly main = button("start", "nbviz-button nbviz-button-main");
	private readonly step = button("step", "nbviz-button nbviz-button-step");
	private readonly stop = button("stop", "nbviz-button");
	private readonly reset = button("reset", "nbviz-button");
	private readonly question: Dropdown;
	/** How many steps a press of Step makes. */
	readonly count = element("input", "nbviz-input nbviz-step-count", {
		type: "number",
		min: "1",
		max: String(MOST_STEPS),
		value: "1",
		"aria-label": "How many steps to make",
		title: "How many steps to make",
	});
	/** The status in which a request was made; buttons wait until it is answered. */
	private waiting = false;
	private run: RunState | undefined;

	constructor(
		private readonly shortcutRoot: HTMLElement,
		private readonly ask: Ask,
	) {
		this.question = popup(this.reset, this.resetQuestion(), "Reset the run?");
		this.root.append(this.main, this.step, this.stop, this.question.root);
		for (const one of [this.main, this.step, this.stop]) {
			one.addEventListener("click", (event) => {
				// The second click of a double click would undo the first one.
				if (event.detail < 2) this.act(one.dataset.action as Action);
			});
		}
		this.count.addEventListener("change", () => {
			this.steps();
			this.update(this.run);
		});
		this.count.addEventListener("keydown", (event) => {
			if (event.key === "Enter") this.act("step");
		});
		shortcutRoot.addEventListener("keydown", this.shortcut);
	}

	remove(): void {
		this.shortcutRoot.removeEventListener("keydown", this.shortcut);
		this.question.close();
	}

	/** Shows what `run` can do now; undefined hides the controls. */
	update(run: RunState | undefined): void {
		this.run = run;
		const can = possible(run);
		this.root.hidden = run === undefined || !run.commands.some((name) => name in LABELS);
		const status = run?.progress?.status ?? "ready";
		const isOver = hasEnded(run);
		const action =
			status === "paused" ? "resume" : status === "ready" || isOver ? "start" : "pause";
		const canStartOrPause = action !== "start" || run?.commands.includes("start") === true;
		const again = status === "finished" && run?.again ? ` for ${run.again}` : "";
		const [label, more] = action === "start" && isOver ? ["Continue", again] : [LABELS[action], ""];
		showAction(this.main, action, label, more);
		this.main.hidden = !canStartOrPause;
		this.step.hidden = run?.commands.includes("step") !== true;
		this.stop.hidden = run?.commands.includes("stop") !== true || isOver;
		this.question.root.hidden = !run?.commands.includes("reset") || status === "ready";
		allow(this.main, !this.waiting && can.has(action));
		allow(this.step, !this.waiting && can.has("step"));
		this.count.disabled = !can.has("step");
		allow(this.stop, can.has("stop"));
		allow(this.reset, !this.waiting && can.has("reset"));
		const steps = this.count.value;
		showAction(this.step, "step", steps === "1" ? LABELS.step : `${LABELS.step} ${steps}`);
	}

	/** Opens the question that comes before a reset. */
	askToReset(): void {
		if (this.reset.getAttribute("aria-expanded") === "false") this.reset.click();
	}

	/** What a reset throws away is not thrown away by one click. */
	private resetQuestion(): HTMLElement {
		const yes = element("button", "nbviz-button nbviz-button-small", { type: "button" }, "Reset");
		const no = element("button", "nbviz-button nbviz-button-small", { type: "button" }, "Keep");
		yes.addEventListener("click", () => {
			this.question.close();
			this.act("reset");
		});
		no.addEventListener("click", () => this.question.close());
		return element(
			"div",
			"nbviz-question",
			{},
			"Weights and optimizer go back to before the first step. The curves so far stay beside the new run.",
			element("div", "nbviz-question-acts", {}, yes, no),
		);
	}

	private act(action: Action): void {
		const mustWait = this.waiting && action !== "stop";
		if (mustWait || !possible(this.run).has(action)) return;
		const args = action === "step" ? { n: this.steps() } : {};
		this.waiting = true;
		this.update(this.run);
		const settled = () => {
			this.waiting = false;
			this.update(this.run);
		};
		this.ask(action, args).then(settled, settled);
	}

	private steps(): number {
		const typed = Math.round(Number(this.count.value));
		const steps = Math.min(MOST_STEPS, Math.max(1, Number.isFinite(typed) ? typed : 1));
		this.count.value = String(steps);
		return steps;
	}

	private readonly shortcut = (event: KeyboardEvent): void => {
		const target = event.target as HTMLElement;
		if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) return;
		if (target.closest("input:not([type=range], [type=checkbox]), select, textarea")) return;
		const key = event.key.toLowerCase();
		const action = key === "s" ? "step" : key === "p" ? (this.main.dataset.action as Action) : "";
		// P pauses and resumes; it never starts a run over.
		if (action === "" || action === "start" || !possible(this.run).has(action)) return;
		event.preventDefault();
		event.stopPropagation();
		this.act(action);
	};
}

/** What the run's state and its own list of commands allow now. */
function possible(run: RunState | undefined): ReadonlySet<Action> {
	const status = run?.progress?.status ?? "ready";
	const byStatus: Action[] =
		status === "running"
			? ["pause", "step", "stop", "reset"]
			: status === "paused"
				? ["resume", "step", "stop", "reset"]
				: status === "stopping"
					? []
					: run?.commands.includes("start")
						? ["start", "step", "reset"]
						: [];
	return new Set(byStatus.filter((action) => run?.commands.includes(action)));
}

function button(action: Action, className: string): HTMLButtonElement {
	const made = element("button", className, { type: "button" });
	showAction(made, action, LABELS[action]);
	return made;
}

/** Greys a button out. One that was `disabled` would lose a keyboard's focus. */
function allow(made: HTMLButtonElement, can: boolean): void {
	made.setAttribute("aria-disabled", String(!can));
}

/** `more` of a label is left out where there is little room. */
function showAction(made: HTMLButtonElement, action: Action, label: string, more = ""): void {
	if (made.dataset.action === action && made.textContent === label + more) return;
	made.dataset.action = action;
	const face: IconName = action === "resume" ? "start" : action === "reset" ? "reset" : action;
	made.replaceChildren(
		icon(face),
		label,
		...(more ? [element("span", "nbviz-long", {}, more)] : []),
	);
	const key = action === "step" ? "S" : action === "pause" || action === "resume" ? "P" : "";
	made.title = key ? `${label} (${key})` : label + more;
	// What is left out is said all the same.
	if (more) made.setAttribute("aria-label", label + more);
	else made.removeAttribute("aria-label");
	if (key) made.setAttribute("aria-keyshortcuts", key);
	else made.removeAttribute("aria-keyshortcuts");
}
