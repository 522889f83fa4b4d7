// What the images of the panel are compared with: an earlier step, or another run at the shown step.
import type { Answered } from "../../session/asker";
import { placeAt } from "../../session/item-index";
import { itemState } from "../../session/item-panel";
import type { Context } from "../../session/panel";
import { shownRunsOf } from "../../session/shown-runs";
import { shownStepOf } from "../../session/shown-step";
import { element } from "../../ui/element";
import { formatCount } from "../../ui/format";

/** An item, and its buffer. */
export type MediaContent = Answered<"send_media">;

/** What stands beside an image. */
export interface Other {
	readonly run_id: string;
	readonly tag: string;
	readonly step: number;
	/** Of which step or run it is. */
	readonly label: string;
}

type Choice = { readonly step: number } | { readonly run_id: string } | undefined;
const FIRST = "first";
const NOW = "now";

export class Comparison {
	readonly select = element("select", "nbviz-select", { "aria-label": "Compare images with" });
	private choice: Choice;
	private listed = "";

	constructor(
		private readonly context: Context,
		private readonly changed: () => void,
	) {
		this.select.addEventListener("change", () => {
			const { value } = this.select;
			if (value === FIRST) this.choice = { step: 0 };
			else if (value === NOW) this.choice = { step: this.stepNow() };
			else if (value.startsWith("run ")) this.choice = { run_id: value.slice(4) };
			else if (!value.startsWith("step ")) this.choice = undefined;
			this.update();
			this.changed();
		});
		this.update();
	}

	get isOn(): boolean {
		return this.choice !== undefined;
	}

	/** Lists what there is to compare with; called when runs or items come. */
	update(): void {
		const { choice, context } = this;
		const runs = [...context.store.runs.values()].filter((run) =>
			shownRunsOf(context).isShown(run),
		);
		const options: [string, string][] = [
			["", "Compare…"],
			[FIRST, "With the first step"],
			[NOW, "With the step shown now"],
		];
		if (choice && "step" in choice && choice.step > 0) {
			options.push([`step ${choice.step}`, `With step ${formatCount(choice.step)}`]);
		}
		if (runs.length > 1) {
			for (const { run_id, name } of runs) options.push([`run ${run_id}`, `With ${name}`]);
		}
		const listed = JSON.stringify(options);
		if (listed !== this.listed) {
			this.listed = listed;
			this.select.replaceChildren(
				...options.map(([value, label]) => element("option", "", { value }, label)),
			);
		}
		if (!choice) this.select.value = "";
		else if ("run_id" in choice) this.select.value = `run ${choice.run_id}`;
		else this.select.value = choice.step > 0 ? `step ${choice.step}` : FIRST;
	}

	/** The step that is shown: of runs that are followed the newest, which is kept while they go on. */
	private stepNow(): number {
		const { store } = this.context;
		const newest = [...store.runs.values()].map(
			(run) => itemState("media").of(run).steps.at(-1) ?? 0,
		);
		return Math.min(shownStepOf(this.context).step, Math.max(0, ...newest));
	}

	/** What an image of a run is compared with; a text says why there is nothing. */
	other(run_id: string, tag: string): Other | string {
		const { choice, context } = this;
		if (!choice) return "";
		const of = "run_id" in choice ? choice.run_id : run_id;
		const run = context.store.runs.get(of);
		const steps = run ? itemState("media").of(run).entries.get(tag)?.steps : undefined;
		if (!run || !steps) return `${run?.name ?? "The run"} has no ${tag}`;
		if ("step" in choice) {
			// Of the first step, or of one before the tag's first, what was logged first.
			const step = steps[Math.max(0, placeAt(steps, choice.step))] ?? 0;
			return { run_id: of, tag, step, label: `step ${formatCount(step)}` };
		}
		const step = steps[placeAt(steps, shownStepOf(context).step)];
		if (step === undefined) return `${run.name} has none so early`;
		return { run_id: of, tag, step, label: `${run.name}, step ${formatCount(step)}` };
	}

	load({ run_id, tag, step }: Other, pixels: number): Promise<MediaContent> {
		return this.context.asker.ask({ kind: "send_media", run_id, tag, step, pixels });
	}
}
