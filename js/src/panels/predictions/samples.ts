// Predictions of one step, the courses of samples over the steps, and which samples are shown first.
import type { PredictionsSent, SamplesSent } from "../../protocol/index.gen";

const WHOLE = 65_535;
const ABSENT = -2;

/** What is predicted for one sample. */
export interface Sample {
	/** Its place in the data set. */
	readonly index: number;
	/** Its true class; -1 where there is none. */
	readonly target: number;
	/** The probability of that; NaN where it is not known. */
	readonly own: number;
	/** The most probable classes, the first one is what is predicted; -1 where the scores are NaN. */
	readonly ranked: readonly Ranked[];
}

export interface Ranked {
	readonly index: number;
	/** NaN where only classes are known. */
	readonly share: number;
}

/** All samples of a step, the most confident mistakes first. */
export interface Predictions {
	readonly step: number;
	readonly names: readonly string[];
	readonly size: number;
	readonly samples: readonly Sample[];
	readonly omitted: number;
	readonly mistakes: number;
	readonly labelled: number;
	readonly inputs: string;
	/** The samples are of the data of a training that runs, which can be changed. */
	readonly isTraining: boolean;
}

/** How one sample fared: at each step the probability of its true class, and what was predicted. */
export interface Course {
	readonly steps: Float64Array;
	/** NaN where it is not known. */
	readonly own: Float64Array;
	/** Undefined of steps that the sample is not among. */
	readonly predicted: readonly (number | undefined)[];
}

/** Reads an answer, whose numbers lie as `PredictionsSent` says. */
export function readPredictions(sent: PredictionsSent, numbers: Float64Array): Predictions {
	const { samples: count, ranks } = sent;
	const at = (part: number, row: number) => numbers[part * count + row] ?? -1;
	const samples = Array.from(
		{ length: count },
		(_, row): Sample => ({
			index: at(0, row),
			target: at(1, row),
			own: share(at(2, row)),
			ranked: Array.from({ length: ranks }, (_, rank) => ({
				index: at(3 + 2 * rank, row),
				share: share(at(4 + 2 * rank, row)),
			})),
		}),
	);
	const { step, names, size, omitted, mistakes, labelled, inputs, is_training } = sent;
	return {
		step,
		names,
		size,
		samples,
		omitted,
		mistakes,
		labelled,
		inputs,
		isTraining: is_training,
	};
}

/** Reads the courses of an answer, by the samples' indices. */
export function readCourses(
	{ indices, steps: count }: SamplesSent,
	numbers: Float64Array,
): Map<number, Course> {
	const steps = numbers.subarray(0, count);
	const of = (place: number) => numbers.subarray(count * (1 + place), count * (2 + place));
	return new Map(
		indices.map((index, row) => {
			const predicted = [...of(indices.length + row)];
			const course: Course = {
				steps,
				own: of(row).map(share),
				predicted: predicted.map((one) => (one === ABSENT ? undefined : one)),
			};
			return [index, course];
		}),
	);
}

function share(whole: number): number {
	return whole < 0 ? Number.NaN : whole / WHOLE;
}

export function predictedOf({ ranked }: Sample): number {
	return ranked[0]?.index ?? -1;
}

export function confidenceOf({ ranked }: Sample): number {
	return ranked[0]?.share ?? Number.NaN;
}

export function isMistake(sample: Sample): boolean {
	return sample.target >= 0 && predictedOf(sample) !== sample.target;
}

export function nameOf({ names }: Pick<Predictions, "names">, index: number): string {
	return index < 0 ? "none" : (names[index] ?? String(index));
}

/** Which samples come, and in which order. */
export type Choice = "mistakes" | "unsure" | "all" | "followed";

/** Which classes; undefined stands for all. */
export interface Classes {
	readonly target: number | undefined;
	readonly predicted: number | undefined;
}

/** The samples to show: followed ones first, then as the choice says, of one class or of all. */
export function chosenSamples(
	{ samples }: Pick<Predictions, "samples">,
	choice: Choice,
	{ target, predicted }: Classes,
	followed: ReadonlySet<number>,
): readonly Sample[] {
	const first = samples.filter(({ index }) => followed.has(index));
	first.sort((a, b) => a.index - b.index);
	if (choice === "followed") return first;
	const rest = samples.filter(
		(sample) =>
			!followed.has(sample.index) &&
			(target === undefined || sample.target === target) &&
			(predicted === undefined || predictedOf(sample) === predicted) &&
			(choice !== "mistakes" || isMistake(sample)),
	);
	if (choice === "all") rest.sort((a, b) => a.index - b.index);
	if (choice === "unsure") rest.sort((a, b) => doubt(b) - doubt(a) || a.index - b.index);
	return [...first, ...rest];
}

/** How little the most probable class stands out; NaN scores are the most doubtful. */
function doubt(sample: Sample): number {
	const [first, second] = sample.ranked;
	const gap = (first?.share ?? Number.NaN) - (second?.share ?? 0);
	return Number.isNaN(gap) ? 1 : -gap;
}
