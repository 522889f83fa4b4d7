// Charts that come by the hundred stand in groups, by what their titles begin with.

/** More charts than this in one place are grouped. */
export const MOST_TOGETHER = 24;

/** As `Run.watch` writes them: `weights/conv1.weight/norm`, after a name where it has one. */
const WATCHED =
	/^(?:.+\/)?(?:weights|gradients|activations|feature_maps|updates|update_to_weight_ratio)\//;

/** Charts of one place: those that stand in it, and groups below. */
export interface TagGroup {
	/** What its titles begin with, without the last slash; "" for all. */
	readonly path: string;
	/** The part of the path that the group around it does not have. */
	readonly name: string;
	readonly titles: readonly string[];
	readonly groups: readonly TagGroup[];
	/** Charts in it and below. */
	readonly count: number;
}

/** True for a tag as `Run.watch` writes them. */
export function isWatched(tag: string): boolean {
	return WATCHED.test(tag);
}

/** What a watched model's tag begins with; empty for all others. */
export function watchedGroup(title: string): string {
	return WATCHED.exec(title)?.[0].slice(0, -1) ?? "";
}

/** True for a watch's count of values that should not be there: NaN and infinities. */
export function isFaultCount(tag: string): boolean {
	return isWatched(tag) && /\/(nan|inf)$/.test(tag);
}

/** True for a watched model's tag of a module, by its path, or of what is in the module. */
export function isOfModule(tag: string, path: string): boolean {
	if (path === "" || !isWatched(tag)) return false;
	const name = tag.slice(watchedGroup(tag).length + 1);
	return name === path || name.startsWith(`${path}.`) || name.startsWith(`${path}/`);
}

/** Groups titles, in the order in which they come; a watched model's are always in groups. */
export function groupTitles(titles: readonly string[]): TagGroup {
	const byHand: string[] = [];
	const watched = new Map<string, string[]>();
	for (const title of titles) {
		const path = watchedGroup(title);
		if (path === "") byHand.push(title);
		else append(watched, path, title);
	}
	const all = divide("", "", byHand);
	const groups = [...watched].map(([path, of]) => divide(path, path, of));
	return { ...all, groups: [...all.groups, ...groups], count: titles.length };
}

/** Makes a group of titles, divided by their next part where they are too many to stand together. */
function divide(path: string, name: string, titles: readonly string[]): TagGroup {
	const count = titles.length;
	if (count <= MOST_TOGETHER) return { path, name, titles, groups: [], count };
	const start = path === "" ? 0 : path.length + 1;
	const single = new Set<string>();
	const parts = new Map<string, string[]>();
	for (const title of titles) {
		const end = title.indexOf("/", start);
		if (end < 0) single.add(title);
		else append(parts, title.slice(start, end), title);
	}
	const groups: TagGroup[] = [];
	for (const [part, of] of parts) {
		if (of.length === 1) single.add(of[0] ?? "");
		else groups.push(divide(start === 0 ? part : `${path}/${part}`, part, of));
	}
	const [only] = groups;
	if (only?.count === count && path !== "") {
		// A group of one group is one heading, not two.
		return { ...only, name: `${name}/${only.name}` };
	}
	return { path, name, titles: titles.filter((title) => single.has(title)), groups, count };
}

function append(groups: Map<string, string[]>, name: string, title: string): void {
	const group = groups.get(name);
	if (group) group.push(title);
	else groups.set(name, [title]);
}
