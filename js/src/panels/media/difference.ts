// The difference of two images, pixel by pixel.

/**
 * The absolute difference of two images of one size, on black; the largest becomes full brightness.
 * Returns the pixels, and that largest difference of a channel, 0 to 255.
 */
export function differenceOf(
	a: Uint8ClampedArray,
	b: Uint8ClampedArray,
): { pixels: Uint8ClampedArray; largest: number } {
	const pixels = new Uint8ClampedArray(a.length);
	let largest = 0;
	for (let i = 0; i < a.length; i += 1) {
		const by = i % 4 === 3 ? 0 : Math.abs((a[i] ?? 0) - (b[i] ?? 0));
		pixels[i] = by;
		if (by > largest) largest = by;
	}
	const scale = largest > 0 ? 255 / largest : 1;
	for (let i = 0; i < pixels.length; i += 1) {
		pixels[i] = i % 4 === 3 ? 255 : (pixels[i] ?? 0) * scale;
	}
	return { pixels, largest };
}

/** Draws it. Returns the largest difference of a channel, 0 to 255. */
export function showDifference(canvas: HTMLCanvasElement, a: ImageData, b: ImageData): number {
	const { pixels, largest } = differenceOf(a.data, b.data);
	canvas.width = a.width;
	canvas.height = a.height;
	const image = canvas.getContext("2d")?.createImageData(a.width, a.height);
	if (image) {
		image.data.set(pixels);
		canvas.getContext("2d")?.putImageData(image, 0, 0);
	}
	return largest;
}
