// What it costs to go back to a step, said before it is done.
import type { GoingBackChanged } from "../protocol/index.gen";
import { formatCount, formatDuration } from "../ui/format";

type Kept = Pick<GoingBackChanged, "kept" | "reach" | "step_seconds">;

export interface Cost {
	/** The nearest state that is kept. */
	readonly from: number;
	/** How many steps are made again. */
	readonly steps: number;
	/** How long that takes, about; undefined while it is not known. */
	readonly seconds: number | undefined;
}

/** What it costs to go back to a step; undefined where no state of before it is kept. */
export function costOf({ kept, reach, step_seconds }: Kept, step: number): Cost | undefined {
	const near = kept.filter((_, i) => (reach[i] ?? 0) <= step).at(-1);
	// The very state with which the run, or this part of it, began.
	const from = near ?? kept.find((one) => one === step);
	if (from === undefined) return undefined;
	const steps = step - from;
	return { from, steps, seconds: step_seconds === null ? undefined : steps * step_seconds };
}

export function costText(state: Kept, step: number): string {
	const cost = costOf(state, step);
	if (!cost) {
		const [first] = state.kept;
		return first === undefined
			? "No state of the run is kept yet."
			: `No state of before step ${formatCount(step)} is kept; the first is that of step ${formatCount(first)}.`;
	}
	if (cost.steps === 0)
		return `The state of step ${formatCount(step)} is kept: this takes a moment.`;
	const again = cost.steps === 1 ? "1 step is made" : `${formatCount(cost.steps)} steps are made`;
	return `The nearest state is that of step ${formatCount(cost.from)}: ${again} again${lasting(cost.seconds)}.`;
}

/** How long something takes, to stand at the end of a sentence. */
export function lasting(seconds: number | undefined): string {
	if (seconds === undefined) return "";
	return seconds < 1 ? ", in under a second" : `, in about ${formatDuration(seconds)}`;
}
