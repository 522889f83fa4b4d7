// How each class does, sorted by a click on a head; with a comparison, how much better or worse.
import { showChildren } from "../../ui/children";
import { formatNumber } from "../../ui/format";
import { sortHead, textCell, VirtualRows } from "../../ui/virtual-rows";
import { type ClassScore, type Counts, classScores } from "./counts";

type Column = "name" | "samples" | "recall" | "precision" | "f1";
const TITLES: Readonly<Record<Column, string>> = {
	name: "Class",
	samples: "Samples",
	recall: "Accuracy",
	precision: "Precision",
	f1: "F1",
};
const ROW = 22;

export class ClassList {
	private readonly rows = new VirtualRows({
		rowHeight: ROW,
		label: "Classes",
		columns: "minmax(52px, 1fr) 62px 70px 70px 58px",
		least: 312,
		cells: (index) => this.cells(this.scores[index]),
	});
	readonly root = this.rows.root;
	private scores: readonly ClassScore[] = [];
	private before: readonly ClassScore[] | undefined;
	/** As they come until a head is clicked. */
	private sorted: Column | undefined;
	private isDescending = false;
	private counts: Counts | undefined;

	show(counts: Counts, other: Counts | undefined): void {
		this.counts = counts;
		this.before = other && classScores(other);
		this.draw();
	}

	remove(): void {
		this.rows.remove();
	}

	private draw(): void {
		if (!this.counts) return;
		this.scores = inOrder(classScores(this.counts), this.sorted, this.isDescending);
		showChildren(
			this.rows.head,
			(Object.keys(TITLES) as Column[]).map((column) =>
				sortHead(
					TITLES[column],
					column !== "name",
					column !== this.sorted ? undefined : this.isDescending ? "descending" : "ascending",
					() => this.sort(column),
				),
			),
		);
		this.rows.update(this.scores.length);
	}

	/** A second click turns the order, a third ends it. The worst come first. */
	private sort(column: Column): void {
		if (column !== this.sorted) [this.sorted, this.isDescending] = [column, false];
		else if (!this.isDescending) this.isDescending = true;
		else this.sorted = undefined;
		this.draw();
	}

	private cells(score: ClassScore | undefined): HTMLElement[] {
		if (!score) return [];
		const before = this.before?.[score.index];
		const name = textCell(score.name);
		name.title = score.name;
		const share = (column: "recall" | "precision" | "f1") =>
			textCell(before ? difference(score[column] - before[column]) : fraction(score[column]), true);
		return [
			name,
			textCell(formatNumber(score.samples, 6), true),
			share("recall"),
			share("precision"),
			share("f1"),
		];
	}
}

/** Scores by one of their columns; what is no number stands last. */
export function inOrder(
	scores: readonly ClassScore[],
	column: Column | undefined,
	isDescending: boolean,
): readonly ClassScore[] {
	if (column === undefined) return scores;
	const sign = isDescending ? -1 : 1;
	return [...scores].sort((a, b) => {
		if (column === "name") return sign * a.name.localeCompare(b.name, "en", { numeric: true });
		const [x, y] = [a[column], b[column]];
		if (Number.isNaN(x) || Number.isNaN(y))
			return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
		return sign * (x - y) || a.index - b.index;
	});
}

function fraction(value: number): string {
	return Number.isNaN(value) ? "–" : value.toFixed(3);
}

function difference(value: number): string {
	if (Number.isNaN(value)) return "–";
	return value === 0 ? "0" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}
