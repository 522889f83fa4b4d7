// Saving charts as files, those too whose points are still with the kernel.
import type * as exporting from "../../charts/export";
import type * as svg from "../../charts/svg";
import type { Asker } from "../../session/asker";
import { type Asset, loadAsset } from "../../session/assets";
import { formatCount } from "../../ui/format";
import type { ExportFormat } from "./chart/chart-menu";
import type { Curve } from "./chart-curves";
import type { CurvesDrawing } from "./drawing";
import { collect } from "./fetch-points";

/** What the asset `files` holds. */
type Files = Asset & typeof exporting & typeof svg;

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
			if (isWanted()) await this.write(name, format, charts);
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
			lines.filter(({ series }) => !open.has(title) || series.length === 0),
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
		name: string,
		format: ExportFormat,
		charts: ReadonlyMap<string, readonly Curve[]>,
	): Promise<void> {
		const loaded = await loadAsset<Files>("files", this.asker);
		const { download, fileName, toCsv, toPng, toSvg } = loaded;
		const file = fileName(name, format);
		if (format === "csv") {
			const lines = [...charts.values()].flat();
			const rows = lines.map(({ run, series }) => ({ run: run.name, series }));
			download(toCsv(rows), file, "text/csv");
			return;
		}
		const drawing = toSvg(this.drawing.pictures(charts), this.drawing.theme);
		if (format === "svg") download(drawing, file, "image/svg+xml");
		else download(await toPng(drawing), file, "image/png");
	}
}
