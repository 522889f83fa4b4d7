// What a reader chose for single charts, where all others follow the controls above them.
import { asChoices, asTexts, type Choices } from "../../ui/view-state";

/** What is undefined is as for all charts. */
export interface Look {
	readonly isLog?: boolean;
	readonly ignoresOutliers?: boolean;
	readonly smoothing?: number;
}

export class ChartLooks {
	private readonly looks: Map<string, Look>;
	/** Charts that stand first, in order, whatever else is shown. */
	pinned: readonly string[];

	constructor({ looks, pinned }: Choices) {
		this.looks = new Map(
			Object.entries(asChoices(looks)).map(([chart, kept]) => [chart, asLook(kept)]),
		);
		this.pinned = asTexts(pinned);
	}

	/** The form in which it is kept. */
	get kept(): Choices {
		return { looks: Object.fromEntries(this.looks), pinned: this.pinned };
	}

	of(chart: string): Look {
		return this.looks.get(chart) ?? {};
	}

	/** Adds to what was chosen for a chart; undefined has it be as all others. */
	change(chart: string, look: Look | undefined): void {
		if (look) this.looks.set(chart, { ...this.of(chart), ...look });
		else this.looks.delete(chart);
	}

	togglePin(chart: string): void {
		const others = this.pinned.filter((one) => one !== chart);
		this.pinned = others.length < this.pinned.length ? others : [...others, chart];
	}

	reset(): void {
		this.looks.clear();
		this.pinned = [];
	}
}

function asLook(kept: unknown): Look {
	const { isLog, ignoresOutliers, smoothing } = asChoices(kept);
	return {
		...(typeof isLog === "boolean" ? { isLog } : {}),
		...(typeof ignoresOutliers === "boolean" ? { ignoresOutliers } : {}),
		...(typeof smoothing === "number" && smoothing >= 0 && smoothing < 1 ? { smoothing } : {}),
	};
}
