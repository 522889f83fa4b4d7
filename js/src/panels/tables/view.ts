// One tag's table at the step shown: sorted by a click, filtered by a text or conditions, drawn as far as
// it is in sight.
import type { ItemHost, ItemView } from "../../items/view";
import type { Cell, ColumnInfo } from "../../protocol/index.gen";
import type { Answered } from "../../session/asker";
import { showChildren } from "../../ui/children";
import { element } from "../../ui/element";
import { counted, formatCount, formatNumber } from "../../ui/format";
import { sortHead, textCell, VirtualRows } from "../../ui/virtual-rows";
import { Images } from "./images";
import type { Arrangement } from "./local-rows";
import { Pages, type Row } from "./pages";

const [ROW, IMAGE_ROW] = [24, 56];
const PAGE = 100; // rows asked for at once
const TYPING_MS = 250;
const [LEAST, MOST, CHARACTER] = [56, 320, 7];

export type TableContent = Answered<"send_rows">;
export type AskRows = (
	request: Arrangement & {
		readonly run_id: string;
		readonly tag: string;
		readonly step: number;
		readonly first: number;
		readonly count: number;
	},
) => Promise<TableContent>;

export class TableView implements ItemView<TableContent> {
	readonly root = element("div", "nbviz-tables-view");
	private readonly filter = element("input", "nbviz-input nbviz-tables-filter", {
		type: "search",
		placeholder: "Filter: text, or score > 0.5 and class = cat",
		"aria-label": "Filter rows",
		spellcheck: "false",
	});
	private readonly said = element("span", "nbviz-tables-said", { role: "status" });
	private readonly images = new Images();
	private rows: VirtualRows | undefined;
	private content: TableContent | undefined;
	private pages = new Pages(0);
	private sort = -1;
	private isDescending = false;
	private inSight = { first: 0, last: 0 };
	/** Rises with each arrangement: what was asked for an earlier one is not shown. */
	private asked = 0;
	private isAsking = false;
	private timer: ReturnType<typeof setTimeout> | undefined;

	constructor(
		private readonly host: ItemHost,
		private readonly ask: AskRows,
	) {
		this.filter.addEventListener("input", () => {
			clearTimeout(this.timer);
			this.timer = setTimeout(() => this.arrange(), TYPING_MS);
		});
		this.root.append(element("div", "nbviz-strip nbviz-tables-tools", {}, this.filter, this.said));
	}

	take(content: TableContent): void {
		const before = this.content;
		this.content = content;
		if (!before || layoutOf(before) !== layoutOf(content)) this.build(content);
		if (this.sort >= content.columns.length) this.sort = -1;
		// The answer is the first page of the table as it was logged.
		if (this.sort < 0 && this.filter.value.trim() === "") {
			this.asked += 1;
			this.isAsking = false;
			this.start(content);
		} else this.arrange();
	}

	show(): { step: number; note: string } | undefined {
		const { content } = this;
		if (!content) return undefined;
		const { step, total, columns } = content;
		return {
			step,
			note: `${counted(total, "row")} × ${counted(columns.length, "column")}`,
		};
	}

	resize(): void {}

	recolour(): void {}

	remove(): void {
		clearTimeout(this.timer);
		this.rows?.remove();
		this.images.clear();
	}

	// ---------------------------------------------------------------- arranging

	private build(content: TableContent): void {
		this.rows?.remove();
		const hasImages = content.columns.some(({ column_kind }) => column_kind === "image");
		this.rows = new VirtualRows({
			rowHeight: hasImages ? IMAGE_ROW : ROW,
			label: this.host.tag,
			...widthsOf(content),
			cells: (index) => this.cells(index),
			seen: (first, last) => {
				this.inSight = { first, last };
				this.load();
			},
		});
		this.rows.root.dataset.images = String(hasImages);
		this.root.append(this.rows.root);
	}

	/** Asks for the rows anew, in the order and with the filter in force. */
	private arrange(): void {
		const { content } = this;
		if (!content) return;
		const asked = ++this.asked;
		this.isAsking = true;
		this.drawHead();
		this.request(content, 0, PAGE).then(
			(answer) => {
				if (asked !== this.asked) return;
				this.isAsking = false;
				this.rows?.scrollToTop();
				this.start(answer);
			},
			(error: unknown) => this.fail(asked, error),
		);
	}

	private request({ run_id, tag, step }: TableContent, first: number, count: number) {
		return this.ask({
			run_id,
			tag,
			step,
			first,
			count,
			sort: this.sort,
			descending: this.isDescending,
			filter: this.filter.value.trim(),
		});
	}

	private fail(asked: number, error: unknown): void {
		if (asked !== this.asked) return;
		this.isAsking = false;
		this.said.textContent = error instanceof Error ? error.message : String(error);
	}

	/** Shows the first rows of an arrangement. */
	private start(answer: TableContent): void {
		this.images.clear();
		this.pages = new Pages(answer.matching);
		this.pages.take(answer.first, this.rowsOf(answer));
		this.say(answer);
		this.drawHead();
		this.rows?.update(answer.matching);
		this.root.dataset.matching = String(answer.matching);
		this.root.dataset.step = String(answer.step);
	}

	/** Asks for rows in sight that have not come: one request at a time, the newest place first. */
	private load(): void {
		const { content, inSight, asked } = this;
		if (!content || this.isAsking) return;
		const wanted = this.pages.missing(inSight.first, inSight.last, PAGE);
		if (!wanted) return;
		this.isAsking = true;
		this.request(content, wanted.first, wanted.count).then(
			(answer) => {
				if (asked !== this.asked) return;
				this.isAsking = false;
				this.pages.take(answer.first, this.rowsOf(answer));
				this.rows?.redraw(answer.first, answer.first + answer.rows.length);
				if (this.pages.at(wanted.first)) this.load();
			},
			(error: unknown) => this.fail(asked, error),
		);
	}

	private rowsOf({ rows, images, bytes }: TableContent): Row[] {
		const urls = this.images.of(images, bytes);
		return rows.map((cells) => ({ cells, image: urls }));
	}

	// ---------------------------------------------------------------- drawing

	private say({ total, matching }: TableContent): void {
		const kept = this.content?.matching ?? total;
		const parts: string[] = [];
		if (kept < total)
			parts.push(
				`The first ${formatCount(kept)} of ${formatCount(total)} rows are saved in this page.`,
			);
		if (matching < kept) parts.push(`${counted(matching, "row")} found.`);
		this.said.textContent = parts.join(" ");
	}

	private drawHead(): void {
		const { content } = this;
		if (!content) return;
		const order = this.isDescending ? "descending" : "ascending";
		if (!this.rows) return;
		showChildren(
			this.rows.head,
			content.columns.map(({ name, column_kind }, i) =>
				sortHead(name || " ", column_kind === "number", i === this.sort ? order : undefined, () =>
					this.sortBy(i),
				),
			),
		);
	}

	/** A second click turns the order, a third ends it. */
	private sortBy(column: number): void {
		if (column !== this.sort) [this.sort, this.isDescending] = [column, false];
		else if (!this.isDescending) this.isDescending = true;
		else [this.sort, this.isDescending] = [-1, false];
		this.arrange();
	}

	private cells(index: number): HTMLElement[] {
		const { content } = this;
		const row = this.pages.at(index);
		return (content?.columns ?? []).map((column, i) =>
			row ? cellOf(column, row.cells[i] ?? null, row, index) : textCell("…"),
		);
	}
}

function cellOf(column: ColumnInfo, cell: Cell, row: Row, index: number): HTMLElement {
	const { column_kind, name } = column;
	if (cell === null) {
		const empty = textCell("–", column_kind === "number");
		empty.classList.add("nbviz-tables-nothing");
		return empty;
	}
	if (column_kind === "image") {
		const image = element("img", "nbviz-tables-image", {
			alt: `${name} of row ${index + 1}`,
			src: row.image(Number(cell)),
		});
		image.draggable = false;
		return element("div", "nbviz-rows-cell", { role: "cell" }, image);
	}
	const text = textOf(cell);
	const shown = textCell(text, column_kind === "number");
	if (text.length > 20) shown.title = text;
	return shown;
}

function textOf(cell: Cell): string {
	if (typeof cell === "number")
		return Number.isInteger(cell) ? String(cell) : formatNumber(cell, 6);
	return typeof cell === "boolean" ? (cell ? "✓ true" : "✕ false") : String(cell);
}

/** Wide enough for the names and the first rows. */
function widthsOf({ columns, rows }: TableContent): { columns: string; least: number } {
	const widths = columns.map(({ name, column_kind }, i) => {
		if (column_kind === "image") return IMAGE_ROW + 16;
		const texts = rows.slice(0, PAGE).map((row) => textOf(row[i] ?? null).length);
		const longest = Math.max(name.length + 2, ...texts);
		return Math.min(MOST, Math.max(LEAST, 14 + CHARACTER * longest));
	});
	const grows = (i: number) => /text|boolean/.test(columns[i]?.column_kind ?? "");
	return {
		columns: widths
			.map((width, i) => (grows(i) ? `minmax(${width}px, 1fr)` : `${width}px`))
			.join(" "),
		least: widths.reduce((sum, width) => sum + width, 0),
	};
}

function layoutOf({ columns }: TableContent): string {
	return JSON.stringify(columns);
}
