// @vitest-environment happy-dom
// Sounds: a file's samples, what is drawn of them, and how a file comes in parts.
import { expect, test } from "vitest";
import { whole } from "../../../src/panels/audio/panel";
import { peaks, readWave, spectrogram, transform } from "../../../src/panels/audio/wave";
import { asker } from "../stage";

function file(samples: number[], channels = 1, rate = 8000): DataView {
	const bytes = new DataView(new ArrayBuffer(44 + 2 * samples.length));
	const write = (at: number, text: string) => {
		for (const [i, one] of [...text].entries()) bytes.setUint8(at + i, one.charCodeAt(0));
	};
	write(0, "RIFF");
	write(8, "WAVEfmt ");
	bytes.setUint32(16, 16, true);
	bytes.setUint16(20, 1, true);
	bytes.setUint16(22, channels, true);
	bytes.setUint32(24, rate, true);
	bytes.setUint16(34, 16, true);
	write(36, "data");
	bytes.setUint32(40, 2 * samples.length, true);
	for (const [i, one] of samples.entries()) bytes.setInt16(44 + 2 * i, one, true);
	return bytes;
}

test("a file's samples are read, also where it is cut off or stands elsewhere in a buffer", () => {
	const wave = readWave(file([1, -2, 3, -4], 2, 44_100));
	expect([wave.sampleRate, wave.channels, [...wave.samples]]).toEqual([44_100, 2, [1, -2, 3, -4]]);
	const cut = file([1, -2, 3]);
	expect([...readWave(new DataView(cut.buffer, 0, 48)).samples]).toEqual([1, -2]);
	const shifted = new Uint8Array(51);
	shifted.set(new Uint8Array(cut.buffer), 1);
	expect([...readWave(new DataView(shifted.buffer, 1)).samples]).toEqual([1, -2, 3]);
	expect(() => readWave(new DataView(new ArrayBuffer(44)))).toThrow("no samples");
});

test("a column has the extremes of its samples, of one channel", () => {
	const wave = readWave(file([0, 0, 16_384, 1, -32_768, 2, 0, 3], 2));
	expect(peaks(wave, 0, 2)).toEqual([
		[0, 0.5],
		[-1, 0],
	]);
	expect(peaks(wave, 1, 1)).toEqual([[0, 3 / 32_768]]);
	expect(peaks(wave, 0, 8)).toHaveLength(8);
});

test("the transform is that of Fourier", () => {
	const real = Float64Array.from(
		{ length: 16 },
		(_, i) => Math.cos((2 * Math.PI * 3 * i) / 16) + (i === 0 ? 1 : 0),
	);
	const imaginary = new Float64Array(16);
	const expected = [...real.keys()].map((k) =>
		[...real].reduce((sum, value, i) => sum + value * Math.cos((2 * Math.PI * k * i) / 16), 0),
	);
	transform(real, imaginary);
	for (const [k, value] of expected.entries()) expect(real[k]).toBeCloseTo(value, 9);
});

test("a tone is loudest at its pitch, and silence is silent", () => {
	const tone = Array.from({ length: 8000 }, (_, i) =>
		Math.round(9000 * Math.sin((2 * Math.PI * 1000 * i) / 8000)),
	);
	const { levels, columns, rows, highest } = spectrogram(readWave(file(tone)), 20);
	expect([columns, rows, highest]).toEqual([20, 256, 4000]);
	for (let column = 0; column < columns; column += 1) {
		const of = [...levels.subarray(column * rows, (column + 1) * rows)];
		expect(of.indexOf(Math.max(...of))).toBe(64);
		expect(of[200]).toBeLessThan(0.5);
	}
	expect(Math.max(...spectrogram(readWave(file([0, 0, 0])), 9).levels)).toBe(0);
});

test("a sound that comes in parts is put together, and one that changes meanwhile is refused", async () => {
	const bytes = file([1, 2, 3, 4, 5]);
	const starts: number[] = [];
	const kernel = (size: (start: number) => number) =>
		asker((question) => {
			if (question.kind !== "send_audio") throw new Error(question.kind);
			const { start, run_id, tag } = question;
			starts.push(start);
			return Promise.resolve({
				kind: "audio_sent",
				client_id: "",
				request_id: 0,
				run_id,
				tag,
				step: 3,
				sample_rate: 8000,
				channels: 1,
				frames: 5,
				start,
				size: size(start),
				buffer: 0,
				bytes: new DataView(bytes.buffer, start, Math.min(20, bytes.byteLength - start)),
			});
		});
	const sound = await whole(
		kernel(() => bytes.byteLength),
		"a",
		"voice",
		9,
	);
	expect(starts).toEqual([0, 20, 40]);
	expect([...readWave(sound.bytes).samples]).toEqual([1, 2, 3, 4, 5]);
	await expect(
		whole(
			kernel((start) => 54 + start),
			"a",
			"voice",
			9,
		),
	).rejects.toThrow("changed");
});
