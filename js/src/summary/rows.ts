// The rows of a summary as a tree: which are open, how they are sorted, and so which are shown.
import type { SummaryTable } from "../protocol/index.gen";

/** The column of the names; the others are numbered from 0. */
export const NAMES = -1;

export interface Sorting {
	readonly column: number;
	readonly isDescending: boolean;
}

export class SummaryRows {
	readonly open = new Set<number>();
	readonly parents: readonly number[];
	readonly children: readonly (readonly number[])[];
	/** Each row's name with those of the rows around it, without the model's own. */
	readonly paths: readonly string[];
	/** Undefined for the order of the calls. */
	sorting: Sorting | undefined;
	/** Whether all rows stand below the model's own, sorted among each other. */
	isFlat = false;
	/** Shows only rows with this in their path or details, and those around them. */
	filter = "";

	constructor(private readonly table: SummaryTable) {
		const parents: number[] = [];
		const children: number[][] = table.names.map(() => []);
		const paths: string[] = [];
		const around: number[] = [];
		for (const [row, depth] of table.depths.entries()) {
			around.length = depth;
			const parent = around[depth - 1] ?? -1;
			parents.push(parent);
			children[parent]?.push(row);
			const name = table.names[row] ?? "";
			paths.push(depth > 1 ? `${paths[parent]}.${name}` : name);
			around[depth] = row;
		}
		this.parents = parents;
		this.children = children;
		this.paths = paths;
		for (const [row, inside] of children.entries()) {
			if (inside.length > 0 && (table.depths[row] ?? 0) < table.open_depth) this.open.add(row);
		}
	}

	/** The rows that have others in them. */
	get blocks(): number[] {
		return this.children.flatMap((inside, row) => (inside.length > 0 ? [row] : []));
	}

	/** Goes on to a column's next order: its own first one, the other way round, that of the calls. */
	sortBy(column: number): void {
		const first = column !== NAMES;
		const { sorting } = this;
		if (sorting?.column !== column) this.sorting = { column, isDescending: first };
		else if (sorting.isDescending === first) this.sorting = { column, isDescending: !first };
		else this.sorting = undefined;
	}

	/** Where a row stands among those beside it; 0 deep is the model's own. */
	depth(row: number): number {
		return this.isFlat ? Math.min(1, this.table.depths[row] ?? 0) : (this.table.depths[row] ?? 0);
	}

	isOpen(row: number): boolean {
		return this.open.has(row) || this.filter !== "";
	}

	/** The rows to show, in their order. */
	shown(): number[] {
		const kept = this.kept();
		if (this.isFlat) {
			const [root = 0, ...rest] = this.table.names.keys();
			return [root, ...this.sorted(rest.filter((row) => kept?.has(row) ?? true))];
		}
		const found: number[] = [];
		const add = (rows: readonly number[]) => {
			for (const row of this.sorted(rows)) {
				if (kept && !kept.has(row)) continue;
				found.push(row);
				if (this.isOpen(row)) add(this.children[row] ?? []);
			}
		};
		add([0]);
		return found;
	}

	/** The rows that the filter leaves, undefined for all. */
	private kept(): Set<number> | undefined {
		const wanted = this.filter.trim().toLowerCase();
		if (wanted === "") return undefined;
		const kept = new Set([0]);
		for (const [row, path] of this.paths.entries()) {
			const text = `${path} ${this.table.details[row]}`.toLowerCase();
			if (!text.includes(wanted)) continue;
			for (let one = row; one >= 0 && !kept.has(one); one = this.parents[one] ?? -1) {
				kept.add(one);
				if (this.isFlat) break;
			}
		}
		return kept;
	}

	private sorted(rows: readonly number[]): readonly number[] {
		const { sorting } = this;
		if (!sorting || rows.length < 2) return rows;
		const sign = sorting.isDescending ? -1 : 1;
		if (sorting.column === NAMES) {
			return [...rows].sort((a, b) => sign * natural.compare(this.name(a), this.name(b)));
		}
		const values = this.table.columns[sorting.column]?.values ?? [];
		return [...rows].sort((a, b) => {
			const [x, y] = [values[a] ?? null, values[b] ?? null];
			// What has no value comes last both ways.
			if (x === null || y === null) return Number(x === null) - Number(y === null);
			return sign * (x - y);
		});
	}

	/** What a row is called where it is shown. */
	name(row: number): string {
		return (this.isFlat ? this.paths[row] : this.table.names[row]) ?? "";
	}
}

/** So that layer 10 comes after layer 9. */
const natural = new Intl.Collator("en", { numeric: true });
