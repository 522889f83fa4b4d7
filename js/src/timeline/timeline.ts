// The time line under all panels: a slider over the steps at which anything was logged that is shown one
// step at a time, or over all steps of a run that can go back to them. It sets the step of all panels, plays
// them, or follows the run.

import { placeAt } from "../session/item-index";
import type { Context } from "../session/panel";
import { comparedRuns, isActive } from "../session/run";
import { selectionOf } from "../session/selection";
import { shownStepOf } from "../session/shown-step";
import { element } from "../ui/element";
import { formatCount } from "../ui/format";
import { icon } from "../ui/icons";
import { ActStrip } from "./act-strip";
import { FaultLab } from "./fault-lab";
import { type Command, GoBack } from "./go-back";
import { LookBack } from "./look-back";
import { Phases } from "./phases";

const FRAME_MS = 480; // of one item at the first speed
const SPEEDS = [1, 2, 4, 8];
const PAGE = 10; // items that PageUp and PageDown pass
const PART = 1000; // places of the slider

/** Draws it. Returns a function that removes it. */
export function timeline(host: HTMLElement, context: Context): () => void {
	const { store, panels } = context;
	const shownStep = shownStepOf(context);
	let steps: readonly number[] = [];
	let speed = 0;
	let timer: ReturnType<typeof setTimeout> | undefined;

	const play = button("Play the steps from here");
	const faster = button("Speed");
	const slider = element("input", "nbviz-slider", {
		type: "range",
		"data-lm-suppress-shortcuts": "true", // JupyterLab moves between cells by arrows
		min: "0",
		max: String(PART),
		step: "any",
		"aria-label": "Step shown in all panels",
	});
	const label = element("output", "nbviz-timeline-step");
	const live = button("Follow the run: show the newest (End)");
	live.textContent = context.asker.isLive ? "live" : "newest";
	live.removeAttribute("aria-label");
	const command: Command = ({ run_id }, name, args, answered) => {
		const refused = (error: unknown) =>
			strip.fail(error instanceof Error ? error.message : String(error));
		const asked = context.asker.ask({ kind: "control", run_id, name, arguments: args });
		asked.catch(refused).finally(answered);
	};
	const phases = new Phases(context, command);
	const faultLab = new FaultLab(context, command);
	const goBack = new GoBack(context, command);
	const lookBack = new LookBack(context, command);
	goBack.root.append(lookBack.root);
	const strip = new ActStrip(context, command);
	const root = element(
		"footer",
		"nbviz-timeline",
		{},
		play,
		faster,
		slider,
		label,
		goBack.root,
		live,
	);
	host.append(root);

	/** The newest step of a run that can go back; 0 where none is shown. */
	const reached = () => {
		const { run } = selectionOf(context);
		return run?.going_back ? (run.progress?.step ?? 0) : 0;
	};
	const first = () => (reached() > 0 ? 0 : (steps[0] ?? 0));
	const last = () => Math.max(steps.at(-1) ?? 0, reached());
	const span = () => Math.max(1, last() - first());
	const chooseStep = (step: number) => {
		shownStep.choose(step >= last() ? undefined : Math.max(first(), step));
	};
	const place = () => {
		const { step } = shownStep;
		return Math.max(0, placeAt(steps, step));
	};
	const choose = (index: number) => {
		const at = Math.min(steps.length - 1, Math.max(0, index));
		shownStep.choose(at >= steps.length - 1 ? undefined : steps[at]);
	};
	const stop = () => {
		clearTimeout(timer);
		timer = undefined;
		draw();
	};
	const next = () => {
		timer = setTimeout(next, FRAME_MS / (SPEEDS[speed] ?? 1));
		if (shownStep.chosen === undefined) stop();
		else choose(place() + 1);
	};

	const draw = () => {
		const at = reached() > 0 ? (shownStep.chosen ?? reached()) : (steps[place()] ?? 0);
		const share = (at - first()) / span();
		const isLive = shownStep.chosen === undefined;
		slider.value = String(PART * share);
		slider.style.setProperty("--filled", `${100 * share}%`);
		// The runs go on from the newest item: what is followed is where they are.
		const runs = comparedRuns(store).map((run) => run.progress?.step ?? 0);
		const shown = isLive && reached() === 0 ? Math.max(at, ...runs) : at;
		const text = `step ${formatCount(shown)}`;
		label.textContent = isLive ? text : `${text} of ${formatCount(last())}`;
		slider.setAttribute("aria-valuetext", isLive ? `${text}, newest` : text);
		live.setAttribute("aria-pressed", String(isLive));
		root.dataset.running = String([...store.runs.values()].some(isActive));
		play.hidden = steps.length < 2;
		goBack.root.hidden = store.isGone;
		goBack.update();
		lookBack.update();
		play.replaceChildren(icon(timer === undefined ? "start" : "pause"));
		play.title = timer === undefined ? "Play the steps from here" : "Stop playing";
		play.setAttribute("aria-label", play.title);
		faster.hidden = timer === undefined;
		faster.textContent = `${SPEEDS[speed]}×`;
	};
	const update = () => {
		const all = new Set<number>();
		for (const run of comparedRuns(store)) {
			for (const panel of panels) for (const step of panel.steps?.(run) ?? []) all.add(step);
		}
		if (all.size !== steps.length) steps = [...all].sort((a, b) => a - b);
		follow();
	};
	/** Shows where the runs are. */
	const follow = () => {
		host.hidden = steps.length < 2 && reached() === 0;
		strip.update();
		phases.update();
		faultLab.update();
		draw();
	};

	play.addEventListener("click", () => {
		if (timer !== undefined) return stop();
		if (shownStep.chosen === undefined) choose(0);
		timer = setTimeout(next, FRAME_MS / (SPEEDS[speed] ?? 1));
		draw();
	});
	faster.addEventListener("click", () => {
		speed = (speed + 1) % SPEEDS.length;
		draw();
	});
	live.addEventListener("click", () => shownStep.choose(undefined));
	slider.addEventListener("input", () => {
		const step = first() + (span() * Number(slider.value)) / PART;
		if (reached() > 0) chooseStep(Math.round(step));
		else choose(nearest(steps, step));
	});
	slider.addEventListener("keydown", (event) => {
		const by: Readonly<Record<string, number>> = {
			ArrowLeft: -1,
			ArrowDown: -1,
			ArrowRight: 1,
			ArrowUp: 1,
			PageDown: -PAGE,
			PageUp: PAGE,
			Home: Number.NEGATIVE_INFINITY,
			End: Number.POSITIVE_INFINITY,
		};
		const moved = by[event.key];
		if (moved === undefined) return;
		event.preventDefault();
		// From item to item; single steps with Shift, and where there are no items.
		const isSingle = reached() > 0 && (event.shiftKey || steps.length < 2);
		if (isSingle) chooseStep((shownStep.chosen ?? last()) + moved);
		else choose(place() + moved);
	});
	const cleanups = [
		shownStep.subscribe(draw),
		selectionOf(context).subscribe(() => follow()),
		store.subscribe((topics) => {
			const hasNew = panels.some(({ name, steps: has }) => has && topics.has(name));
			if (topics.has("runs") || hasNew) update();
			else if (topics.has("progress") || topics.has("points") || topics.has("events")) follow();
		}),
	];
	update();
	return () => {
		clearTimeout(timer);
		for (const cleanup of cleanups) cleanup();
		goBack.remove();
		lookBack.close();
		strip.remove();
		phases.remove();
		faultLab.remove();
		root.remove();
	};
}

function button(title: string): HTMLButtonElement {
	return element("button", "nbviz-button nbviz-button-quiet nbviz-button-small", {
		type: "button",
		title,
		"aria-label": title,
	});
}

function nearest(steps: readonly number[], step: number): number {
	const before = Math.max(0, placeAt(steps, step));
	const [low = 0, high = low] = steps.slice(before, before + 2);
	return step - low > high - step ? before + 1 : before;
}
