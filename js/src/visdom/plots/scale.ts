// From values to pixels and back: linear, by powers of ten, or by category.
import { type Range, tickLabels, yTicks } from "../../charts/lines/axis";
import { formatNumber } from "../../ui/format";
import { field, numberOr, numbersOf, textsOf } from "../spec";

export interface Tick {
	readonly value: number;
	readonly text: string;
}

export class Scale {
	constructor(
		readonly range: Range,
		readonly isLog: boolean,
		readonly categories: readonly string[] = [],
		private readonly from = 0,
		private readonly to = 1,
	) {}

	/** The same between other pixels. */
	between(from: number, to: number): Scale {
		return new Scale(this.range, this.isLog, this.categories, from, to);
	}

	/** NaN for what has no place, such as 0 by powers of ten. */
	pixel(value: number): number {
		const { min, max } = this.range;
		const share = this.isLog
			? (Math.log10(value) - Math.log10(min)) / (Math.log10(max) - Math.log10(min))
			: (value - min) / (max - min);
		return Number.isFinite(share) ? this.from + share * (this.to - this.from) : Number.NaN;
	}

	value(pixel: number): number {
		const share = (pixel - this.from) / (this.to - this.from);
		const { min, max } = this.range;
		return this.isLog ? min * (max / min) ** share : min + share * (max - min);
	}

	/** Round places, or what the layout asks for. */
	ticks(axis: unknown, wanted: number): readonly Tick[] {
		const { min, max } = this.range;
		const isWithin = ({ value }: Tick) => value >= min && value <= max;
		if (field(axis, "showticklabels") === false) return [];
		const places = numbersOf(field(axis, "tickvals"));
		if (places.length > 0) {
			const texts = textsOf(field(axis, "ticktext"));
			return [...places]
				.map((value, i) => ({ value, text: texts[i] ?? formatNumber(value, 6) }))
				.filter(isWithin);
		}
		if (this.categories.length > 0) {
			const every = Math.max(1, Math.ceil((max - min) / Math.max(1, wanted)));
			return this.categories
				.map((text, value) => ({ value, text }))
				.filter((tick, i) => isWithin(tick) && i % every === 0);
		}
		const step = numberOr(field(axis, "dtick"), 0);
		// So close that they could not be read, they are left out.
		const isFew = step > 0 && (max - min) / step <= Math.max(2, wanted * 2.5);
		const values =
			isFew && !this.isLog ? multiples(step, min, max) : yTicks(this.range, wanted, this.isLog);
		const labels = tickLabels(values, this.isLog);
		return values.map((value, i) => ({ value, text: labels[i] ?? "" }));
	}
}

/** The range of an axis: as the layout says, else around the values. */
export function rangeOf(
	axis: unknown,
	values: Range,
	{ isLog, isTight, hasZero }: { isLog: boolean; isTight: boolean; hasZero: boolean },
): Range {
	const [low, high] = numbersOf(field(axis, "range"));
	if (low !== undefined && high !== undefined && low !== high) {
		// Plotly's are powers of ten on such an axis.
		return isLog ? { min: 10 ** low, max: 10 ** high } : { min: low, max: high };
	}
	let { min, max } = values;
	if (!(min <= max)) [min, max] = isLog ? [0.1, 10] : [0, 1];
	if (isLog) {
		if (min === max) return { min: min / 2, max: max * 2 };
		const margin = (max / min) ** 0.04;
		return { min: min / margin, max: max * margin };
	}
	if (hasZero) [min, max] = [Math.min(0, min), Math.max(0, max)];
	if (min === max) {
		const reach = Math.abs(min) * 0.1 || 1;
		return { min: min - reach, max: max + reach };
	}
	if (isTight) return { min, max };
	const margin = (max - min) * 0.05;
	return {
		min: hasZero && min === 0 ? 0 : min - margin,
		max: hasZero && max === 0 ? 0 : max + margin,
	};
}

function multiples(step: number, min: number, max: number): number[] {
	const first = Math.ceil(min / step - 1e-9);
	const count = Math.floor(max / step + 1e-9) - first + 1;
	return Array.from({ length: Math.max(0, count) }, (_, i) =>
		Number(((first + i) * step).toPrecision(12)),
	);
}
