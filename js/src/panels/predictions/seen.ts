// What samples look like and how they fared: asked for as they are seen, kept while the card is there.
import type { Asker } from "../../session/asker";
import { inflateDoubles } from "../../session/buffers";
import { type Course, readCourses } from "./samples";

const MOST_AT_ONCE = 64;

/** Where a sample's picture is in a sheet. */
export interface Picture {
	readonly url: string;
	readonly column: number;
	readonly row: number;
	readonly columns: number;
	readonly width: number;
	readonly height: number;
}

/** Of which step and with which inputs samples are wanted. */
export interface Asked {
	readonly run_id: string;
	readonly tag: string;
	readonly step: number;
	readonly inputs: string;
	/** The tag's newest step: a course that ends earlier is asked for again. */
	readonly newest: number;
}

export class SeenSamples {
	private readonly looks = new Map<string, Picture | string>();
	private readonly courses = new Map<number, Course>();
	/** The newest step that there was when a course was asked for. */
	private readonly until = new Map<number, number>();
	private readonly urls: string[] = [];
	private isBusy = false;
	private isGone = false;
	/** Why the kernel refused; nothing more is asked then. */
	refused = "";

	constructor(
		private readonly asker: Asker,
		private readonly came: () => void,
	) {}

	/** A picture, a text, or undefined where it has not come. */
	look(inputs: string, index: number): Picture | string | undefined {
		return this.looks.get(`${inputs} ${index}`);
	}

	course(index: number): Course | undefined {
		return this.courses.get(index);
	}

	/** Asks for what is missing of these samples. */
	want(indices: readonly number[], asked: Asked): void {
		if (this.isBusy || this.refused) return;
		const lacksLook = (index: number) =>
			asked.inputs !== "" && this.look(asked.inputs, index) === undefined;
		const missing = indices
			.filter((index) => lacksLook(index) || (this.until.get(index) ?? -1) < asked.newest)
			.slice(0, MOST_AT_ONCE);
		if (missing.length === 0) return;
		this.isBusy = true;
		this.fetch(missing, asked, missing.some(lacksLook)).then(
			() => this.settle(),
			(error: unknown) => {
				this.refused = error instanceof Error ? error.message : String(error);
				this.settle();
			},
		);
	}

	remove(): void {
		this.isGone = true;
		for (const url of this.urls) URL.revokeObjectURL(url);
	}

	private settle(): void {
		this.isBusy = false;
		if (!this.isGone) this.came();
	}

	private async fetch(
		indices: readonly number[],
		{ run_id, tag, step, inputs, newest }: Asked,
		with_inputs: boolean,
	): Promise<void> {
		const answer = await this.asker.ask({
			kind: "send_samples",
			run_id,
			tag,
			step,
			indices: [...indices],
			with_inputs,
		});
		const { picture_bytes: size, bytes, texts, columns, width, height } = answer;
		const { buffer, byteOffset, byteLength } = bytes;
		const packed = new DataView(buffer, byteOffset + size, byteLength - size);
		const courses = readCourses(answer, await inflateDoubles(packed));
		if (this.isGone) return;
		let url = "";
		if (size > 0) {
			const png = new Uint8Array(buffer as ArrayBuffer, byteOffset, size);
			url = URL.createObjectURL(new Blob([png], { type: "image/png" }));
			this.urls.push(url);
		}
		for (const [place, index] of answer.indices.entries()) {
			const [column, row] = [place % columns, Math.floor(place / columns)];
			const look = url ? { url, column, row, columns, width, height } : texts[place];
			if (look !== undefined) this.looks.set(`${answer.inputs} ${index}`, look);
		}
		for (const [index, course] of courses) this.courses.set(index, course);
		// An answer may be cut at its end; where none of them comes there is nothing, and they are not asked for again.
		const came = new Set(answer.indices);
		const isEnd = !indices.some((index) => came.has(index)) || !this.asker.isLive;
		for (const index of [...indices, ...answer.indices]) {
			this.until.set(index, newest);
			const key = `${inputs} ${index}`;
			const hasCome = isEnd || came.has(index);
			if (with_inputs && hasCome && !this.looks.has(key)) this.looks.set(key, "");
		}
	}
}
