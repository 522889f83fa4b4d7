// Files that the reader takes away: PNG and SVG of charts, CSV of what the page holds.
import type { SeriesData } from "./lines/series-data";

const PNG_SCALE = 2;
/** Pixels of the largest PNG: what browsers paint without running out of memory. */
const PNG_MOST = 6.4e7;

/** Series as CSV: one row a point with its value or, where the page keeps buckets, a bucket. */
export function toCsv(rows: readonly { run: string; series: SeriesData }[]): string {
	const isBucketed = rows.some(({ series }) => series.pointCount > series.length);
	const lines = [
		isBucketed ? "run,tag,step,wall_time,min,max,mean,count,nan" : "run,tag,step,wall_time,value",
	];
	for (const { run, series } of rows) {
		const name = `${csvCell(run)},${csvCell(series.tag)}`;
		const { steps, wallTimes, min, max, mean, count, nan } = series;
		for (let i = 0; i < series.length; i++) {
			const columns = isBucketed
				? [steps, wallTimes, min, max, mean, count, nan]
				: [steps, wallTimes, max]; // NaN and infinities have no mean
			const numbers = columns.map((column) => column[i]);
			lines.push(`${name},${numbers.join(",")}`);
		}
	}
	return `${lines.join("\n")}\n`;
}

/** Paints an SVG document. Rejects where the page's security policy forbids pictures from data. */
export async function toPng(svg: string): Promise<Blob> {
	const image = new Image();
	image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
	await image.decode();
	const canvas = document.createElement("canvas");
	const { naturalWidth: width, naturalHeight: height } = image;
	const scale = Math.min(PNG_SCALE, Math.sqrt(PNG_MOST / (width * height)));
	canvas.width = Math.floor(width * scale);
	canvas.height = Math.floor(height * scale);
	const context = canvas.getContext("2d");
	if (!context) throw new Error("This browser gave no canvas to paint the PNG on; export SVG.");
	context.drawImage(image, 0, 0, canvas.width, canvas.height);
	return new Promise((resolve, reject) => {
		canvas.toBlob((blob) => {
			if (blob) resolve(blob);
			else reject(new Error("The picture is too large for this browser; export SVG."));
		}, "image/png");
	});
}

/** Hands a file to the reader's browser. */
export function download(content: Blob | string, name: string, type: string): void {
	const blob = typeof content === "string" ? new Blob([content], { type }) : content;
	const link = document.createElement("a");
	link.href = URL.createObjectURL(blob);
	link.download = name;
	link.click();
	// The download has its own hold on the data once the click was handled.
	setTimeout(() => URL.revokeObjectURL(link.href), 0);
}

/** A title as the name of a file. */
export function fileName(title: string, extension: string): string {
	const safe = title.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+|-+$/g, "");
	return `${safe || "curves"}.${extension}`;
}

/** A text as a cell of a CSV file, quoted; a spreadsheet shows it and does not calculate it. */
export function csvCell(text: string): string {
	const shown = /^\s*[=+\-@]/.test(text) ? `'${text}` : text;
	return quote(shown);
}

function quote(text: string): string {
	return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
