// A step taken apart: a button beside Step that goes to the end of its next phase, and a line under the
// toolbar that says which phase that is and what it gave.
import type { PhaseChanged } from "../protocol/index.gen";
import type { Context } from "../session/panel";
import { hasEnded, type RunState } from "../session/run";
import { selectionOf } from "../session/selection";
import { element } from "../ui/element";
import { formatCount } from "../ui/format";
import { drawn } from "../ui/icons";
import type { Command } from "./go-back";

const INTO =
	"M7.2 1.5h1.6v5.2h2.4L8 10.2 4.8 6.7h2.4zM8 11.4a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2z";
const END = "end";

export class Phases {
	private readonly into = element(
		"button",
		"nbviz-button nbviz-icon-button nbviz-step-into",
		{
			type: "button",
			title: "Step into: to the next phase of a step (N)",
			"aria-label": "Step into",
			"aria-keyshortcuts": "N",
		},
		drawn(INTO),
	);
	private readonly step = element("b", "nbviz-phases-step");
	private readonly list = element("ol", "nbviz-phase-list");
	private readonly text = element("span", "nbviz-phases-text", { "aria-live": "polite" });
	private readonly next = element("button", "nbviz-button nbviz-button-small", { type: "button" });
	private readonly finish = element(
		"button",
		"nbviz-button nbviz-button-small",
		{ type: "button", title: "Make the step to its end, then pause (S)" },
		"Finish step",
	);
	private readonly root = element(
		"div",
		"nbviz-phases",
		{ hidden: "", role: "group", "aria-label": "Phases of the step" },
		this.step,
		this.list,
		this.text,
		this.next,
		this.finish,
	);
	private shown = "";
	private waits = false;

	constructor(
		private readonly context: Context,
		private readonly command: Command,
	) {
		for (const button of [this.into, this.next]) {
			button.addEventListener("click", () => this.act());
		}
		this.finish.addEventListener("click", () => {
			const { run } = selectionOf(context);
			if (run) command(run, "step", { n: 1 });
		});
		const { root } = context;
		const toolbar = root.querySelector(".nbviz-toolbar");
		toolbar?.querySelector(".nbviz-button-step")?.after(this.into);
		toolbar?.append(this.root);
		root.addEventListener("keydown", this.shortcut);
	}

	remove(): void {
		this.context.root.removeEventListener("keydown", this.shortcut);
		this.into.remove();
		this.root.remove();
	}

	update(): void {
		const { run } = selectionOf(this.context);
		const canStep = this.canStep(run);
		const status = run?.progress?.status;
		this.into.hidden = !run?.commands.includes("step_into") || this.context.store.isGone;
		this.into.setAttribute("aria-disabled", String(!canStep));
		this.next.setAttribute("aria-disabled", String(!canStep));
		const { phase } = run ?? {};
		this.root.hidden = !phase?.phase || hasEnded(run) || this.into.hidden;
		if (!phase || this.root.hidden) return;
		const isInside = status === "paused" && phase.phase !== END;
		this.finish.hidden = phase.phase === END;
		this.finish.setAttribute("aria-disabled", String(!isInside));
		this.root.dataset.stands = String(status === "paused");
		const shown = JSON.stringify(phase);
		if (shown === this.shown) return;
		this.shown = shown;
		this.waits = false;
		this.draw(phase);
	}

	private draw({ step, phase, phases, text }: PhaseChanged): void {
		const isDone = phase === END;
		this.root.dataset.phase = phase;
		this.step.textContent = isDone
			? `Step ${formatCount(step)} is done`
			: `In step ${formatCount(step)}`;
		const at = isDone ? phases.length : phases.indexOf(phase);
		this.list.replaceChildren(
			...phases.map((name, i) =>
				element(
					"li",
					"nbviz-phase",
					{
						"data-is": i < at ? "done" : i === at ? "now" : "next",
						...(i === at ? { "aria-current": "step" } : {}),
					},
					name,
				),
			),
		);
		this.text.textContent = text;
		this.text.title = text;
		const following = phases[at + 1] ?? "its end";
		this.next.textContent = isDone ? "Into the next step" : `On to ${following}`;
		this.next.title = "Step into (N)";
	}

	private act(): void {
		const { run } = selectionOf(this.context);
		if (!run || !this.canStep(run)) return;
		this.waits = true;
		this.update();
		this.command(run, "step_into", {}, () => {
			this.waits = false;
			this.update();
		});
	}

	private canStep(run: RunState | undefined): boolean {
		const status = run?.progress?.status;
		const can = run?.commands.includes("step_into") === true && status !== "stopping";
		return can && !this.waits && !run?.going_back?.doing;
	}

	private readonly shortcut = (event: KeyboardEvent): void => {
		const target = event.target as HTMLElement;
		if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) return;
		if (target.closest("input:not([type=range], [type=checkbox]), select, textarea")) return;
		if (event.key.toLowerCase() !== "n" || this.into.hidden) return;
		event.preventDefault();
		event.stopPropagation();
		this.act();
	};
}
