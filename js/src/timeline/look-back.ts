// Look back in the time line: a box in which a value is chosen that was never logged, to be a curve.
import type { Context } from "../session/panel";
import type { RunState } from "../session/run";
import { selectionOf } from "../session/selection";
import { element } from "../ui/element";
import { formatCount } from "../ui/format";
import { ActBox, row } from "./act-box";
import { lasting } from "./cost";
import { type Command, refusal } from "./go-back";

/** As in the kernel, `PROBES` of going_back.py. */
const VALUES = ["gradient norm", "weight norm"];
const ALL = "all parameters";
/** Values that are suggested, about. */
const SUGGESTED = 100;

export class LookBack {
	private readonly what = element(
		"select",
		"nbviz-select",
		{ "aria-label": "Value" },
		...VALUES.map((value) => element("option", "", { value }, value)),
	);
	private readonly of = element("select", "nbviz-select", { "aria-label": "Parameter" });
	private readonly every = element("input", "nbviz-input", {
		type: "number",
		min: "1",
		"aria-label": "Steps between two values",
	});
	private readonly button = element(
		"button",
		"nbviz-button nbviz-button-small",
		{ type: "button", "data-act": "probe", title: "Draw a curve of what was never logged" },
		"Look back…",
	);
	private readonly box: ActBox;
	private listed = "";

	constructor(
		private readonly context: Context,
		private readonly command: Command,
	) {
		this.box = new ActBox({
			button: this.button,
			label: "Look back",
			rows: [row("value", this.what), row("of", this.of), row("every", this.every)],
			what: "It was never logged: steps are made again from kept states. Then the run is as it was.",
			open: () => this.open(),
			update: () => this.update(),
			act: () => this.act(),
		});
		this.box.go.textContent = "Draw the curve";
		this.every.addEventListener("input", () => this.update());
	}

	get root(): HTMLElement {
		return this.box.root;
	}

	close(): void {
		this.box.close();
	}

	update(): void {
		const { run } = selectionOf(this.context);
		this.root.hidden = !run?.going_back || !run.commands.includes("probe");
		const refused = refusal(run);
		this.box.refuse(refused);
		if (!run || this.root.hidden || !this.box.isOpen) return;
		const every = this.wantedEvery();
		const wrong = "Type how many steps lie between two values.";
		this.box.say(every ? costText(run, every) : wrong, every === undefined);
	}

	private open(): void {
		const { run } = selectionOf(this.context);
		if (!run) return;
		const names = this.context.panels.flatMap(({ parameters }) => parameters?.(run) ?? []);
		if (String(names) !== this.listed) {
			this.listed = String(names);
			this.of.replaceChildren(
				element("option", "", { value: "" }, ALL),
				...names.map((value) => element("option", "", { value }, value)),
			);
		}
		this.every.value = String(Math.max(1, Math.round((run.progress?.step ?? 0) / SUGGESTED)));
	}

	private wantedEvery(): number | undefined {
		const every = Number(this.every.value);
		return Number.isInteger(every) && every >= 1 ? every : undefined;
	}

	private act(): void {
		const { run } = selectionOf(this.context);
		const every = this.wantedEvery();
		if (!run || every === undefined || refusal(run) !== "") return;
		this.box.leave();
		this.command(run, "probe", { what: this.what.value, of: this.of.value, every });
	}
}

/** What it costs: all steps from the first state are made again. */
function costText({ going_back, progress }: RunState, every: number): string {
	const first = Math.max(1, going_back?.reach[0] ?? 0);
	const newest = progress?.step ?? 0;
	const steps = Math.max(0, newest - first + 1);
	const values = Math.ceil(steps / every);
	const seconds = going_back?.step_seconds ?? undefined;
	return `${formatCount(values)} values from step ${formatCount(first)}; at most ${formatCount(steps)} steps are made again${lasting(seconds && seconds * steps)}.`;
}
