// The numbers or words of a column, spread over a length.

export type Value = number | string | boolean | undefined;

/** What a scale needs of a column of things of type `T`. */
export interface PlotColumn<T> {
	readonly id: string;
	readonly title: string;
	/** Words in their order; without them numbers are spread by size, and words sorted. */
	readonly words?: readonly string[];
	of(item: T): Value;
	text(value: Value): string;
}

interface Extent {
	readonly min: number;
	readonly max: number;
	readonly isLog: boolean;
}

/** From the values of a column to shares of a length, and back: numbers evenly or by size, words in order. */
export class Scale<T> {
	readonly words: readonly string[];
	readonly isLog: boolean;
	readonly min: number;
	readonly max: number;

	constructor(
		readonly column: PlotColumn<T>,
		items: readonly T[],
	) {
		const values = items.map((item) => column.of(item));
		const numbers = values.filter((value): value is number => isFiniteNumber(value));
		const isNumeric =
			numbers.length > 0 &&
			values.every((v) => v === undefined || typeof v === "number") &&
			!column.words;
		this.words = isNumeric
			? []
			: (column.words ??
				[...new Set(values.map(wordOf).filter((word) => word !== undefined))].sort((a, b) =>
					a.localeCompare(b, "en", { numeric: true }),
				));
		this.min = numbers.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
		this.max = numbers.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
		// Learning rates from 1e-5 to 0.1 would lie on top of each other.
		this.isLog = isNumeric && this.min > 0 && this.max / this.min >= 100;
	}

	/** 0 to 1; undefined for what has no value. */
	share(item: T): number | undefined {
		const value = this.column.of(item);
		if (this.words.length > 0) {
			const place = this.words.indexOf(wordOf(value) ?? "");
			return place < 0
				? undefined
				: this.words.length === 1
					? 0.5
					: place / (this.words.length - 1);
		}
		if (!isFiniteNumber(value)) return undefined;
		if (this.max === this.min) return 0.5;
		return this.isLog
			? Math.log(value / this.min) / Math.log(this.max / this.min)
			: (value - this.min) / (this.max - this.min);
	}

	/** Texts along the axis, with their shares. */
	ticks(most: number): { readonly share: number; readonly text: string }[] {
		const { words } = this;
		if (words.length > 0) {
			const every = Math.max(1, Math.ceil(words.length / most));
			return words.flatMap((text, i) =>
				i % every === 0
					? [{ share: words.length === 1 ? 0.5 : i / (words.length - 1), text: shortened(text) }]
					: [],
			);
		}
		if (!(this.min <= this.max)) return [];
		if (this.min === this.max) return [{ share: 0.5, text: this.column.text(this.min) }];
		return [0, 0.5, 1].map((share) => ({
			share,
			text: this.column.text(rounded(this.value(share), this)),
		}));
	}

	/** The number at a share; of words the place, counted from 0, with its fraction. */
	value(share: number): number {
		if (this.words.length > 0)
			return this.words.length > 1 ? share * (this.words.length - 1) : share - 0.5;
		if (this.max === this.min) return this.min + (share - 0.5);
		return this.isLog
			? this.min * (this.max / this.min) ** share
			: this.min + share * (this.max - this.min);
	}
}

function rounded(value: number, { min, max, isLog }: Extent): number {
	if (value === min || value === max) return value;
	return isLog ? Number(value.toPrecision(2)) : Number(value.toPrecision(3));
}

function isFiniteNumber(value: Value): value is number {
	return typeof value === "number" && Number.isFinite(value);
}

function wordOf(value: Value): string | undefined {
	return value === undefined ? undefined : String(value);
}

function shortened(text: string): string {
	return text.length > 14 ? `${text.slice(0, 13)}…` : text;
}
