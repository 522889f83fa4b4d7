// Saving charts as files, those too whose points are still with the kernel.
import { download, fileName } from "../../charts/export";
import type { Asker } from "../../session/asker";
import { loadAsset } from "../../session/assets";
import { formatCount } from "../../ui/format";
import type { ExportFormat } from "./chart-card";
import type { Curve } from "./chart-curves";
import type { CurvesDrawing } from "./drawing";
import { collect } from "./fetch-points";

/** The asset that makes the files. */
type Saving = typeof import("../../charts/saving/asset");

export interface SaveListener {
	/** Says how far the collecting of points is; undefined once there is nothing to wait for. */
	waits(progress: string | undefined): void;
	failed(reason: string): void;
}

export class CurvesSaver {
	private current = 0;

	constructor(
		private readonly asker: Asker,
		private readonly drawing: CurvesDrawing,
		private readonly listener: SaveListener,
	) {}

	/** Hands the charts with these titles to the reader as one file; those that are `open` have points. */
	async save(
		name: string,
		format: ExportFormat,
		titles: readonly string[],
		open: ReadonlySet<string>,
	): Promise<void> {
		const own = ++this.current;
		const isWanted = () => own === this.current;
		try {
			const charts = await this.charts(titles, open, isWanted);
			if (isWanted()) await this.write(fileName(name, format), format, charts);
		} catch (error) {
			if (isWanted()) this.listener.failed(error instanceof Error ? error.message : String(error));
		}
		if (isWanted()) this.listener.waits(undefined);
	}

	/** Saves nothing of what is being collected. */
	cancel(): void {
		this.current += 1;
		this.listener.waits(undefined);
	}

	/** The lines of each chart, with their points. */
	private async charts(
		titles: readonly string[],
		open: ReadonlySet<string>,
		isWanted: () => boolean,
	): Promise<Map<string, readonly Curve[]>> {
		const charts = new Map(titles.map((title) => [title, this.drawing.lines.get(title) ?? []]));
		// What has just been opened has no points yet either.
		const missing = [...charts].flatMap(([title, lines]) =>
			// A mean of several runs is made of what the page has.
			lines.filter(({ members, series }) => !members && (!open.has(title) || series.length === 0)),
		);
		if (missing.length === 0 || !this.asker.isLive) return charts;
		const all = formatCount(missing.length);
		const collected = await collect(this.asker, missing, (count) => {
			if (isWanted()) this.listener.waits(`Fetching ${formatCount(count)} of ${all}…`);
			return isWanted();
		});
		const found = new Map(collected.map((line) => [line.key, line]));
		const whole = (line: Curve) => found.get(line.key) ?? line;
		return new Map([...charts].map(([title, lines]) => [title, lines.map(whole)]));
	}

	private async write(
		file: string,
		format: ExportFormat,
		charts: ReadonlyMap<string, readonly Curve[]>,
	): Promise<void> {
		const saving = await loadAsset("saving", this.asker);
		const { toCsv, toPng, toSvg } = saving as typeof saving & Saving;
		if (format === "csv") {
			const lines = [...charts.values()].flat();
			const rows = lines.map(({ members, name, run, series }) => ({
				run: members ? name : run.name,
				series,
			}));
			download(toCsv(rows), file, "text/csv");
			return;
		}
		const svg = toSvg(this.drawing.pictures(charts), this.drawing.theme);
		if (format === "svg") download(svg, file, "image/svg+xml");
		else download(await toPng(svg), file, "image/png");
	}
}
