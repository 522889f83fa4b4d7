// What the pixels of an image in the page are.

/** An image's pixels; undefined where the browser has none of it. */
export function pixelsOf(image: HTMLImageElement): ImageData | undefined {
	const { naturalWidth: width, naturalHeight: height } = image;
	if (width === 0 || height === 0) return undefined;
	const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
	context?.drawImage(image, 0, 0);
	return context?.getImageData(0, 0, width, height);
}

/** Says what a pixel is: its place, and its grey or its red, green and blue, 0 to 255, and opacity. */
export function pixelText({ data, width }: ImageData, x: number, y: number, apart: number): string {
	const at = 4 * (y * width + x);
	const [red = 0, green = 0, blue = 0, alpha = 255] = data.subarray(at, at + 4);
	const isGrey = red === green && green === blue;
	const color = isGrey ? String(red) : `${red}, ${green}, ${blue}`;
	const opacity = alpha < 255 ? `, opacity ${Math.round((100 * alpha) / 255)} %` : "";
	const place = `x ${x * apart}, y ${y * apart}`;
	return `${place}: ${color}${opacity}`;
}
