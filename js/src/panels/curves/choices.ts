// What is remembered of the curves: axes, smoothing, zooms, hidden lines, open groups, the filter.
import type { Range, XKind } from "../../charts/lines/axis";
import { asChoices, asTexts, type Choices } from "../../ui/view-state";
import type { View } from "./chart-curves";

const X_KINDS: readonly XKind[] = ["step", "epoch", "time"];
const MOST_SMOOTHING = 0.99;

/** The ranges that a reader chose for one chart alone. */
export interface OwnRanges {
	readonly x: Range | undefined;
	readonly y: Range | undefined;
}

export interface CurvesChoices {
	readonly view: View;
	/** The zoom follows the newest point. */
	readonly isFollowing: boolean;
	readonly filter: string;
	/** Paths of the groups that are open. */
	readonly open: readonly string[];
	readonly enlarged: string | undefined;
	/** Ids of runs that the cell made before and that are not to be seen any more. */
	readonly dismissed: Set<string>;
	/** By the charts' titles. */
	readonly ranges: Map<string, OwnRanges>;
}

/** What is missing or of another form has its default. */
export function readChoices(kept: Choices): CurvesChoices {
	const smoothing = Number(kept.smoothing);
	return {
		view: {
			smoothing: smoothing > 0 ? Math.min(smoothing, MOST_SMOOTHING) : 0,
			xKind: X_KINDS.find((kind) => kind === kept.xKind) ?? "step",
			isLog: kept.isLog === true,
			ignoresOutliers: kept.ignoresOutliers === true,
			zoom: asRange(kept.zoom),
			hidden: new Set(asTexts(kept.hidden)),
			hidesMarks: kept.hidesMarks === true,
		},
		isFollowing: kept.isFollowing === true,
		filter: typeof kept.filter === "string" ? kept.filter : "",
		open: asTexts(kept.open),
		enlarged: typeof kept.enlarged === "string" ? kept.enlarged : undefined,
		dismissed: new Set(asTexts(kept.dismissed)),
		ranges: new Map(
			Object.entries(asChoices(kept.ranges)).map(([title, own]) => {
				const { x, y } = asChoices(own);
				return [title, { x: asRange(x), y: asRange(y) }];
			}),
		),
	};
}

/** The form in which choices are kept. */
export function keptChoices({ view, ranges, dismissed, ...others }: CurvesChoices): Choices {
	const own = [...ranges].filter(([, { x, y }]) => x ?? y);
	return {
		...view,
		hidden: [...view.hidden],
		...others,
		dismissed: [...dismissed],
		ranges: Object.fromEntries(own),
	};
}

/** A range with finite ends; undefined for anything else. */
export function asRange(value: unknown): Range | undefined {
	const { min, max } = asChoices(value);
	const isRange = typeof min === "number" && typeof max === "number" && min < max;
	return isRange ? { min, max } : undefined;
}
