// Curves in the page, and what follows from them at a threshold.
import type { RocSent } from "../../protocol/index.gen";

/** One class against all others. */
export interface Curve {
	/** Empty where there is only one. */
	readonly name: string;
	readonly positives: number;
	readonly negatives: number;
	/** NaN without positives, as below. */
	readonly averagePrecision: number;
	readonly rocAuc: number;
	/** Positives with a score of at least each threshold from 0 to 1, evenly. */
	readonly truePositives: Float64Array;
	readonly falsePositives: Float64Array;
	/** Of the exact curve, thresholds falling. */
	readonly points: Columns<"threshold" | "truePositives" | "falsePositives">;
	readonly bins: Columns<"samples" | "scores" | "positives">;
}

type Columns<K extends string> = Readonly<Record<K, Float64Array>>;

export interface Curves {
	readonly step: number;
	readonly curves: readonly Curve[];
	readonly leftOut: number;
}

/** What predictions are worth if those from a threshold on are taken for positive; NaN for 0 / 0. */
export interface AtThreshold {
	readonly threshold: number;
	readonly truePositives: number;
	readonly falsePositives: number;
	readonly falseNegatives: number;
	readonly trueNegatives: number;
	readonly precision: number;
	readonly recall: number;
	readonly f1: number;
	readonly falsePositiveRate: number;
	readonly accuracy: number;
}

export type Point = readonly [x: number, y: number];

/** Reads the numbers of an answer, which lie as `RocSent` says. */
export function readCurves(
	{ step, curves, left_out }: Pick<RocSent, "step" | "curves" | "left_out">,
	numbers: Float64Array,
): Curves {
	let start = 0;
	const next = (count: number) => {
		start += count;
		return numbers.subarray(start - count, start);
	};
	return {
		step,
		leftOut: left_out,
		curves: curves.map((info) => ({
			name: info.name,
			positives: info.positives,
			negatives: info.negatives,
			averagePrecision: info.average_precision ?? Number.NaN,
			rocAuc: info.roc_auc ?? Number.NaN,
			truePositives: next(info.thresholds),
			falsePositives: next(info.thresholds),
			points: {
				threshold: next(info.points),
				truePositives: next(info.points),
				falsePositives: next(info.points),
			},
			bins: {
				samples: next(info.bins),
				scores: next(info.bins),
				positives: next(info.bins),
			},
		})),
	};
}

/** What holds at one of the evenly spaced thresholds. */
export function atThreshold(curve: Curve, place: number): AtThreshold {
	const { positives, negatives } = curve;
	const truePositives = curve.truePositives[place] ?? 0;
	const falsePositives = curve.falsePositives[place] ?? 0;
	const falseNegatives = positives - truePositives;
	const trueNegatives = negatives - falsePositives;
	return {
		threshold: place / Math.max(1, curve.truePositives.length - 1),
		truePositives,
		falsePositives,
		falseNegatives,
		trueNegatives,
		precision: truePositives / (truePositives + falsePositives),
		recall: truePositives / positives,
		f1: (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives),
		falsePositiveRate: falsePositives / negatives,
		accuracy: (truePositives + trueNegatives) / (positives + negatives),
	};
}

/** Recall and precision, from the highest threshold on; none without positives. */
export function prPoints({ positives, points }: Curve): Point[] {
	if (positives === 0) return [];
	return along(points, (found, wrong) => [found / positives, found / (found + wrong)]);
}

/** False and true positive rate, from none on; none without positives or negatives. */
export function rocPoints({ positives, negatives, points }: Curve): Point[] {
	if (positives === 0 || negatives === 0) return [];
	return [
		[0, 0],
		...along(points, (found, wrong) => [wrong / negatives, found / positives] as const),
	];
}

function along(
	{ truePositives, falsePositives }: Curve["points"],
	point: (found: number, wrong: number) => Point,
): Point[] {
	return [...truePositives].map((found, i) => point(found, falsePositives[i] ?? 0));
}

/** Of each bin in which there is a score: their mean, the share of positives, and how many there are. */
export function calibration({ bins }: Curve): { score: number; share: number; samples: number }[] {
	return [...bins.samples].flatMap((samples, i) =>
		samples > 0
			? [
					{
						score: (bins.scores[i] ?? 0) / samples,
						share: (bins.positives[i] ?? 0) / samples,
						samples,
					},
				]
			: [],
	);
}

/** The expected calibration error: how far scores are from shares, weighted by samples. */
export function calibrationError(curve: Curve): number {
	const bins = calibration(curve);
	const total = bins.reduce((sum, { samples }) => sum + samples, 0);
	return bins.reduce(
		(sum, { score, share, samples }) => {
			return sum + (Math.abs(score - share) * samples) / total;
		},
		total > 0 ? 0 : Number.NaN,
	);
}

/** The place of the threshold with the highest F1. */
export function bestPlace(curve: Curve): number {
	let [best, most] = [0, -1];
	for (let place = 0; place < curve.truePositives.length; place += 1) {
		const { f1 } = atThreshold(curve, place);
		if (f1 > most) [best, most] = [place, f1];
	}
	return best;
}

/** The place of the threshold whose point is nearest to one in a plot. */
export function nearestPlace(curve: Curve, plot: "pr" | "roc", [x, y]: Point): number | undefined {
	let best: number | undefined;
	let least = Number.POSITIVE_INFINITY;
	for (let place = 0; place < curve.truePositives.length; place += 1) {
		const [px, py] = pointAt(atThreshold(curve, place), plot);
		const distance = (px - x) ** 2 + (py - y) ** 2;
		if (distance < least) [best, least] = [place, distance];
	}
	return best;
}

export function pointAt(at: AtThreshold, plot: "pr" | "roc"): Point {
	return plot === "pr" ? [at.recall, at.precision] : [at.falsePositiveRate, at.recall];
}
