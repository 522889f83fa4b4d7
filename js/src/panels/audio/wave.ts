// A WAV file's samples, and what is drawn of them: the extremes of each column of a wave, and how loud each
// pitch is in each column of a spectrogram.

export interface Wave {
	readonly sampleRate: number;
	readonly channels: number;
	/** Interleaved. */
	readonly samples: Int16Array;
}

const FULL = 32_768;

/** Reads a file of 16-bit samples. Throws where it is none. */
export function readWave(bytes: DataView): Wave {
	const word = (at: number) => bytes.getUint32(at, true);
	const name = (at: number) =>
		String.fromCharCode(...[0, 1, 2, 3].map((i) => bytes.getUint8(at + i)));
	let channels = 1;
	let sampleRate = 1;
	for (let at = 12; at + 8 <= bytes.byteLength; at += 8 + word(at + 4) + (word(at + 4) & 1)) {
		if (name(at) === "fmt ") {
			channels = bytes.getUint16(at + 10, true);
			sampleRate = word(at + 12);
		} else if (name(at) === "data") {
			const start = at + 8;
			const length = Math.min(word(at + 4), bytes.byteLength - start) & ~1;
			const copy = new Uint8Array(length);
			copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, length));
			return { sampleRate, channels, samples: new Int16Array(copy.buffer) };
		}
	}
	throw new Error("The sound's file has no samples.");
}

/** Samples of each channel. */
export function framesOf({ samples, channels }: Wave): number {
	return Math.floor(samples.length / channels);
}

/** The lowest and the highest sample of each of some columns, -1 to 1, of one channel. */
export function peaks(wave: Wave, channel: number, columns: number): [low: number, high: number][] {
	const frames = framesOf(wave);
	return Array.from({ length: columns }, (_, column) => {
		const start = Math.floor((column * frames) / columns);
		const stop = Math.max(start + 1, Math.floor(((column + 1) * frames) / columns));
		let low = Number.POSITIVE_INFINITY;
		let high = Number.NEGATIVE_INFINITY;
		for (let frame = start; frame < Math.min(stop, frames); frame += 1) {
			const value = wave.samples[frame * wave.channels + channel] ?? 0;
			if (value < low) low = value;
			if (value > high) high = value;
		}
		return low <= high ? [low / FULL, high / FULL] : [0, 0];
	});
}

export interface Spectrogram {
	/** Column by column, the lowest pitch first: 0 for 80 dB below the loudest, 1 for that. */
	readonly levels: Float32Array;
	readonly columns: number;
	readonly rows: number;
	/** Hertz at the top. */
	readonly highest: number;
}

const WINDOW = 512; // samples of one column
const ROWS = WINDOW / 2;
const RANGE_DB = 80;

/** How loud each pitch is over time, of the mean of all channels. */
export function spectrogram(wave: Wave, columns: number): Spectrogram {
	const { channels, samples, sampleRate } = wave;
	const frames = framesOf(wave);
	const count = Math.max(1, Math.min(columns, Math.ceil((2 * frames) / WINDOW)));
	const levels = new Float32Array(count * ROWS);
	const hann = Float64Array.from(
		{ length: WINDOW },
		(_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW),
	);
	const real = new Float64Array(WINDOW);
	const imaginary = new Float64Array(WINDOW);
	let loudest = 0;
	for (let column = 0; column < count; column += 1) {
		const middle = ((column + 0.5) / count) * frames;
		const start = Math.round(middle - WINDOW / 2);
		for (let i = 0; i < WINDOW; i += 1) {
			let sum = 0;
			const frame = start + i;
			if (frame >= 0 && frame < frames) {
				for (let channel = 0; channel < channels; channel += 1)
					sum += samples[frame * channels + channel] ?? 0;
			}
			real[i] = ((hann[i] ?? 0) * sum) / channels / FULL;
			imaginary[i] = 0;
		}
		transform(real, imaginary);
		for (let row = 0; row < ROWS; row += 1) {
			const power = (real[row] ?? 0) ** 2 + (imaginary[row] ?? 0) ** 2;
			levels[column * ROWS + row] = power;
			if (power > loudest) loudest = power;
		}
	}
	for (const [i, power] of levels.entries()) {
		const decibels = loudest > 0 && power > 0 ? 10 * Math.log10(power / loudest) : -RANGE_DB;
		levels[i] = Math.max(0, 1 + decibels / RANGE_DB);
	}
	return { levels, columns: count, rows: ROWS, highest: sampleRate / 2 };
}

/** The Fourier transform of as many numbers as a power of two, in place (Cooley and Tukey, radix 2). */
export function transform(real: Float64Array, imaginary: Float64Array): void {
	const size = real.length;
	const swap = (of: Float64Array, a: number, b: number) => {
		[of[a], of[b]] = [of[b] ?? 0, of[a] ?? 0];
	};
	for (let i = 1, j = 0; i < size; i += 1) {
		let bit = size >> 1;
		for (; j & bit; bit >>= 1) j ^= bit;
		j ^= bit;
		if (i < j) {
			swap(real, i, j);
			swap(imaginary, i, j);
		}
	}
	for (let length = 2; length <= size; length *= 2) {
		const angle = (-2 * Math.PI) / length;
		for (let k = 0; k < length / 2; k += 1) {
			const [c, s] = [Math.cos(angle * k), Math.sin(angle * k)];
			for (let i = k; i < size; i += length) {
				const j = i + length / 2;
				const [r, m] = [real[j] ?? 0, imaginary[j] ?? 0];
				const [x, y] = [r * c - m * s, r * s + m * c];
				real[j] = (real[i] ?? 0) - x;
				imaginary[j] = (imaginary[i] ?? 0) - y;
				real[i] = (real[i] ?? 0) + x;
				imaginary[i] = (imaginary[i] ?? 0) + y;
			}
		}
	}
}
