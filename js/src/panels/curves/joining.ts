// Which series are drawn in one chart: what tags say by their names, what the code asks for by patterns,
// and what a reader has put together or taken apart.
import { splitTag } from "../../charts/tags";
import { asTexts, type Choices } from "../../ui/view-state";

/** What stands between the names of charts that are drawn as one. */
const AND = " + ";

export class Joining {
	/** Lists of charts that a reader joined: they are drawn in the place of the first. */
	private joined: readonly (readonly string[])[];
	/** Charts of the code that a reader has taken apart. */
	private readonly parted: Set<string>;
	private readonly rules: readonly { title: string; matches: (tag: string) => boolean }[];

	/** `patterns` are those of the code, as Python's `fnmatch` reads them, a list for each chart. */
	constructor(patterns: readonly (readonly string[])[], kept: Choices) {
		this.rules = patterns.map((of) => {
			const matchers = of.map(tagPattern);
			const title = [...new Set(of.map(nameOf))].join(AND);
			return { title, matches: (tag) => matchers.some((matcher) => matcher.test(tag)) };
		});
		this.joined = Array.isArray(kept.joined) ? kept.joined.map(asTexts).filter(isSeveral) : [];
		this.parted = new Set(asTexts(kept.parted));
	}

	/** The form in which it is kept. */
	get kept(): Choices {
		return { joined: this.joined, parted: [...this.parted] };
	}

	/** The chart in which a tag is drawn. */
	chartOf(tag: string): string {
		const rule = this.rules.find(({ title, matches }) => !this.parted.has(title) && matches(tag));
		const chart = rule?.title ?? splitTag(tag).chart;
		return this.around(chart)?.[0] ?? chart;
	}

	/** Charts that the code names, in its order. */
	get named(): readonly string[] {
		return this.rules
			.filter(({ title }) => !this.parted.has(title))
			.map(({ title }) => this.around(title)?.[0] ?? title);
	}

	/** What a chart is called on the page. */
	nameOf(chart: string): string {
		return this.around(chart)?.join(AND) ?? chart;
	}

	/** Whether a chart is made of several, and so can be taken apart. */
	isJoined(chart: string): boolean {
		return this.around(chart) !== undefined || this.isNamed(chart);
	}

	/** Draws one chart's lines in another. */
	join(chart: string, onto: string): void {
		const both = [...(this.around(onto) ?? [onto]), ...(this.around(chart) ?? [chart])];
		const others = this.joined.filter((list) => !list.some((one) => both.includes(one)));
		this.joined = [...others, [...new Set(both)]].filter(isSeveral);
	}

	/** Takes apart what a reader or, where that is nothing, what the code has put together. */
	part(chart: string): void {
		const list = this.around(chart);
		if (list) this.joined = this.joined.filter((one) => one !== list);
		else if (this.isNamed(chart)) this.parted.add(chart);
	}

	/** Forgets what a reader has done. */
	reset(): void {
		this.joined = [];
		this.parted.clear();
	}

	private isNamed(chart: string): boolean {
		return !this.parted.has(chart) && this.rules.some(({ title }) => title === chart);
	}

	private around(chart: string): readonly string[] | undefined {
		return this.joined.find((list) => list.includes(chart));
	}
}

function isSeveral(list: readonly string[]): boolean {
	return list.length > 1;
}

/** `loss` for `loss/*`. */
function nameOf(pattern: string): string {
	return pattern.replace(/(?<=.)\/\*$/, "");
}

/** What a pattern of Python's `fnmatch` matches: all of a tag, in its case. */
export function tagPattern(pattern: string): RegExp {
	const parts = pattern.match(/\[!?\]?[^\]]*\]|[\s\S]/g) ?? [];
	const source = parts.map((part) => {
		if (part === "*") return "[\\s\\S]*";
		if (part === "?") return "[\\s\\S]";
		if (part.length === 1) return escaped(part);
		const isNot = part[1] === "!";
		const members = part.slice(isNot ? 2 : 1, -1).replace(/[\\\]^]/g, "\\$&");
		return `[${isNot ? "^" : ""}${members}]`;
	});
	try {
		return new RegExp(`^${source.join("")}$`, "u");
	} catch {
		// A range that runs backwards matches nothing, as in Python.
		return /(?!)/;
	}
}

function escaped(character: string): string {
	return character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
}

/** What lines of one chart are called: what of their tags the others do not share. */
export function lineNames(tags: readonly string[]): string[] {
	const parts = tags.map(splitTag);
	const isOneChart = parts.every(({ chart }) => chart === parts[0]?.chart);
	if (isOneChart) return parts.map(({ split }, i) => split || (tags[i] ?? ""));
	const shared = sharedPath(tags).length;
	return tags.map((tag) => tag.slice(shared));
}

/** The whole parts of a path that all tags begin with. */
function sharedPath(tags: readonly string[]): string {
	let shared = tags[0] ?? "";
	for (const tag of tags) while (!tag.startsWith(shared)) shared = shared.slice(0, -1);
	return shared.slice(0, shared.lastIndexOf("/") + 1);
}
