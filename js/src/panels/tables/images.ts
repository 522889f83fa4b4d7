// Thumbnails of a table as addresses that the page shows; they are let go with the rows.

export class Images {
	private readonly urls: string[] = [];

	/** What gives the address of an image of one answer by its number. An address is made when it is shown. */
	of(lengths: readonly number[], bytes: DataView): (number: number) => string {
		const ends: number[] = [];
		for (const length of lengths) ends.push((ends.at(-1) ?? 0) + length);
		const made = new Map<number, string>();
		return (number) => {
			const known = made.get(number);
			if (known !== undefined) return known;
			const start = number > 0 ? (ends[number - 1] ?? 0) : 0;
			const content = new Uint8Array(
				bytes.buffer as ArrayBuffer,
				bytes.byteOffset + start,
				(ends[number] ?? start) - start,
			);
			const url = URL.createObjectURL(new Blob([content], { type: "image/png" }));
			made.set(number, url);
			this.urls.push(url);
			return url;
		};
	}

	clear(): void {
		for (const url of this.urls) URL.revokeObjectURL(url);
		this.urls.length = 0;
	}
}
