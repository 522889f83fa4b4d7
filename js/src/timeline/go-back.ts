// Rewind and Fork in the time line: two buttons with a box each, which says what the act costs and does it.
import type { GoingBackChanged } from "../protocol/index.gen";
import type { Context } from "../session/panel";
import type { RunState } from "../session/run";
import { selectionOf } from "../session/selection";
import { type ShownStep, shownStepOf } from "../session/shown-step";
import { element } from "../ui/element";
import { formatCount } from "../ui/format";
import { ActBox, row } from "./act-box";
import { costOf, costText } from "./cost";

/** Has a command of a run carried out; `answered` is called when it was, or was refused. */
export type Command = (
	run: RunState,
	name: string,
	args: Record<string, unknown>,
	answered?: () => void,
) => void;

export class GoBack {
	readonly root = element("span", "nbviz-go-back");
	private readonly rewind: GoBackBox;
	private readonly fork: GoBackBox;

	constructor(context: Context, command: Command) {
		const make = (kind: Kind) => new GoBackBox(kind, context, command);
		this.rewind = make("rewind");
		this.fork = make("fork");
		this.root.append(this.rewind.root, this.fork.root);
	}

	update(): void {
		this.rewind.update();
		this.fork.update();
	}

	remove(): void {
		this.rewind.close();
		this.fork.close();
	}
}

type Kind = "rewind" | "fork";
const TEXTS = {
	rewind: {
		button: "Rewind",
		act: "Rewind to step",
		what: "Weights, optimizer and data go back there, and the run is paused. The curves until now stay behind, in grey.",
	},
	fork: {
		button: "Fork",
		act: "Fork from step",
		what: "A second run goes on from there, in a colour of its own. Both train, in turns.",
	},
} as const;

/** One of the two, with what is filled in. */
class GoBackBox {
	private readonly button;
	private readonly step = element("input", "nbviz-input", {
		type: "number",
		min: "0",
		"aria-label": "Step",
	});
	private readonly name = element("input", "nbviz-input", {
		type: "text",
		maxlength: "200",
		"aria-label": "Name of the fork",
		placeholder: "named after its step",
	});
	private readonly lr = element("input", "nbviz-input", {
		type: "text",
		inputmode: "decimal",
		"aria-label": "Learning rate of the fork",
		placeholder: "as it was at that step",
	});
	private readonly lrRow = row("lr", this.lr);
	private readonly box: ActBox;
	private readonly shownStep: ShownStep;
	/** The chosen step that the field was last made to show. */
	private followed: number | undefined;
	private isTyping = false;

	constructor(
		private readonly kind: Kind,
		private readonly context: Context,
		private readonly command: Command,
	) {
		const { button, what } = TEXTS[kind];
		this.shownStep = shownStepOf(context);
		this.button = element(
			"button",
			"nbviz-button nbviz-button-small",
			{ type: "button", "data-act": kind },
			button,
		);
		const rows = kind === "fork" ? [row("name", this.name), this.lrRow] : [];
		this.box = new ActBox({
			button: this.button,
			label: kind === "rewind" ? "Rewind the run" : "Fork the run",
			rows: [row("step", this.step), ...rows],
			what,
			open: () => this.open(),
			update: () => this.update(),
			act: () => this.act(),
		});
		this.step.addEventListener("input", () => {
			const step = this.wantedStep();
			const { step: newest = 0 } = this.run?.progress ?? {};
			this.isTyping = true;
			if (step !== undefined) this.shownStep.choose(step >= newest ? undefined : step);
			this.update();
			this.isTyping = false;
		});
		this.lr.addEventListener("input", () => this.update());
	}

	get root(): HTMLElement {
		return this.box.root;
	}

	close(): void {
		this.box.close();
	}

	update(): void {
		const { run } = this;
		const { button, act } = TEXTS[this.kind];
		this.root.hidden = run === undefined;
		const refused = refusal(run);
		const { chosen } = this.shownStep;
		const at = chosen ?? run?.progress?.step ?? 0;
		const label = chosen === undefined ? `${button}…` : `${act} ${formatCount(chosen)}…`;
		if (this.button.title !== (refused || label)) this.button.title = refused || label;
		// The step stands beside it; what is said aloud is said whole.
		this.button.setAttribute("aria-label", label);
		const face = chosen === undefined || this.kind === "fork" ? `${button}…` : label;
		if (this.button.textContent !== face) this.button.textContent = face;
		this.box.refuse(refused);
		if (!this.box.isOpen || !run?.going_back) return;
		if (chosen !== this.followed) {
			this.followed = chosen;
			if (!this.isTyping) this.step.value = String(at);
		}
		const problem = this.problem(run, run.going_back);
		this.box.say(problem || costText(run.going_back, this.wantedStep() ?? at), problem !== "");
		const doing = `${act} ${formatCount(this.wantedStep() ?? at)}`;
		const { go } = this.box;
		if (go.textContent !== doing) go.textContent = doing;
	}

	private get run(): RunState | undefined {
		const { run } = selectionOf(this.context);
		return run?.going_back ? run : undefined;
	}

	private open(): void {
		const { run } = this;
		this.followed = this.shownStep.chosen;
		this.step.value = String(this.followed ?? run?.progress?.step ?? 0);
		this.step.max = String(run?.progress?.step ?? 0);
		this.lrRow.hidden = !run?.settings.some(({ name }) => name === "lr");
		this.name.value = this.lr.value = "";
	}

	private wantedStep(): number | undefined {
		const step = Number(this.step.value);
		return this.step.value.trim() !== "" && Number.isInteger(step) ? step : undefined;
	}

	/** What is wrong with what is filled in; empty where nothing is. */
	private problem({ progress, settings }: RunState, state: GoingBackChanged): string {
		const step = this.wantedStep();
		const newest = progress?.step ?? 0;
		if (step === undefined || step < 0 || step > newest) {
			return `Type a step from 0 to ${formatCount(newest)}.`;
		}
		if (this.kind === "rewind" && !costOf(state, step)) return costText(state, step);
		const lr = settings.find(({ name }) => name === "lr");
		const wanted = this.learningRate();
		const isGood = wanted === undefined || wanted >= (lr?.minimum ?? 0);
		return isGood ? "" : "Type a learning rate, such as 3e-4, or none.";
	}

	/** Undefined where none was typed: the fork then begins with that of its step. */
	private learningRate(): number | undefined {
		const text = this.lr.value.trim().replace("−", "-").replace(",", ".");
		return text === "" ? undefined : Number(text);
	}

	private act(): void {
		const { run } = this;
		const step = this.wantedStep();
		if (!run?.going_back || step === undefined || refusal(run) !== "") return;
		if (this.problem(run, run.going_back) !== "") return;
		const args: Record<string, unknown> = { step };
		if (this.kind === "fork") {
			const name = this.name.value.trim();
			if (name !== "") args.name = name;
			const lr = this.learningRate();
			if (lr !== undefined) args.lr = lr;
		}
		this.box.leave();
		this.command(run, this.kind, args);
	}
}

/** Why a run cannot go back now; empty where it can. */
export function refusal(run: RunState | undefined): string {
	const { going_back, progress } = run ?? {};
	if (!going_back) return "";
	if (going_back.refused) return `Not possible: ${going_back.refused}.`;
	if (going_back.doing) return `${going_back.doing}…`;
	return progress?.step ? "" : "No step has been made yet.";
}
