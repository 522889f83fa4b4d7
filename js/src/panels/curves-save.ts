// Saving charts as files.
import { download, fileName, toCsv, toPng } from "../charts/export";
import { type ChartPicture, toSvg } from "../charts/svg";
import type { Theme } from "../theme";
import type { ExportFormat } from "./curves-chart";
import type { Line } from "./curves-traces";

/** Hands `charts` to the reader as one file; resolves when the browser has it. */
export async function saveCharts(
	name: string,
	format: ExportFormat,
	charts: readonly ChartPicture[],
	lines: readonly Line[],
	theme: Theme,
): Promise<void> {
	const file = fileName(name, format);
	if (format === "csv") {
		const rows = lines.map(({ run, series }) => ({ run: run.name, series }));
		download(toCsv(rows), file, "text/csv");
		return;
	}
	const svg = toSvg(charts, theme);
	if (format === "svg") download(svg, file, "image/svg+xml");
	else download(await toPng(svg), file, "image/png");
}
