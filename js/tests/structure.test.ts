// Which folder may import from which, that nothing imports itself in a circle, and how full a folder is.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { PANELS } from "../src/panels/panels.gen";
import type { Panel } from "../src/session/panel";

const SOURCE = resolve(import.meta.dirname, "../src");
const MOST_IN_A_FOLDER = 24;
/** What each folder may import; panels also their own. */
const ALLOWED: Record<string, readonly string[]> = {
	protocol: [],
	ui: [],
	charts: ["ui"],
	session: ["protocol", "ui"],
	timeline: ["protocol", "ui", "session"],
	settings: ["protocol", "ui", "session"],
	items: ["protocol", "ui", "charts", "session"],
	panels: ["protocol", "ui", "charts", "session", "items"],
	summary: ["protocol", "ui"],
	visdom: ["protocol", "ui", "charts", "session"],
	"data-charts": ["ui", "charts"],
};
/** The only files that know all panels. */
const LISTS = ["session/mount.ts", "panels/panels.gen.ts"];

const entries = readdirSync(SOURCE, { recursive: true, withFileTypes: true });
const files = entries
	.filter((entry) => entry.isFile())
	.map((entry) => relative(SOURCE, join(entry.parentPath, entry.name)));
const sources = files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"));

/** Files that a file imports, types included. */
function importsOf(file: string): string[] {
	const text = readFileSync(join(SOURCE, file), "utf-8");
	const found = text.matchAll(/^(?:import|export)\b[^;"]*"(\.[^"]+)";/gm);
	return [...found].map(([, path = ""]) => {
		const target = relative(SOURCE, join(SOURCE, dirname(file), path.replace("?worker", "")));
		const names = [target, `${target}.ts`, `${target}/index.ts`];
		const name = names.find((one) => files.includes(one));
		if (name === undefined) throw new Error(`${file} imports ${path}, which is no file`);
		return name;
	});
}

const graph = new Map(sources.map((file) => [file, importsOf(file)]));

/** The panel that a file belongs to, else its folder. */
function owner(file: string): string {
	const [folder = "", panel = ""] = file.split("/");
	return folder === "panels" ? `panels/${panel}` : folder;
}

test("imports point one way, and no panel imports another", () => {
	const wrong: string[] = [];
	for (const [file, imported] of graph) {
		if (LISTS.includes(file)) continue;
		const [folder = ""] = file.split("/");
		for (const other of imported) {
			const [to = ""] = other.split("/");
			const isOwn = owner(file) === owner(other);
			if (!isOwn && (to === "panels" || !ALLOWED[folder]?.includes(to))) {
				wrong.push(`${file} imports ${other}`);
			}
		}
	}
	expect(graph.size).toBeGreaterThan(100);
	expect(wrong).toEqual([]);
});

test("no file imports itself in a circle, types counted", () => {
	const circles: string[] = [];
	const done = new Set<string>();
	const visit = (file: string, path: readonly string[]) => {
		if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
		if (done.has(file) || path.includes(file)) return;
		for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
		done.add(file);
	};
	for (const file of graph.keys()) visit(file, []);
	expect(circles).toEqual([]);
});

test("no folder holds more files than can be seen at one glance", () => {
	const counts = new Map<string, number>();
	for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
	expect([...counts].filter(([, count]) => count > MOST_IN_A_FOLDER)).toEqual([]);
});

/** All files that a file needs, itself included. */
function reach(file: string, known = new Set<string>()): Set<string> {
	if (known.has(file)) return known;
	known.add(file);
	for (const next of graph.get(file) ?? []) reach(next, known);
	return known;
}

const assets = sources.filter((file) => file.endsWith("/asset.ts"));

test("each asset says of which version it is", () => {
	expect(assets.length).toBeGreaterThan(3);
	for (const file of assets) {
		expect(readFileSync(join(SOURCE, file), "utf-8")).toContain("export const version = VERSION;");
	}
});

test("a panel needs the assets whose modules its own asset imports", () => {
	const libraries = assets.filter((file) => !file.startsWith("panels/")).map(dirname);
	const loaded = PANELS.filter((panel: Panel) => panel.asset);
	const own = assets.filter((file) => file.startsWith("panels/")).map((file) => file.split("/")[1]);
	expect(loaded.map(({ name }) => name).sort()).toEqual(own.sort());
	for (const { name, asset } of loaded as readonly Panel[]) {
		const files = [...reach(`panels/${name}/asset.ts`)].filter((file) => file.endsWith(".ts"));
		const needed = libraries.filter((folder) => files.some((file) => dirname(file) === folder));
		expect([name, asset?.needs ?? []]).toEqual([name, needed.map((folder) => basename(folder))]);
	}
});

test("an asset brings the shared style sheets whose classes it uses: no other panel may be there", () => {
	const names = (text: string, pattern: RegExp) =>
		new Set([...text.matchAll(pattern)].map(([, name]) => name ?? ""));
	const used = (file: string) =>
		names(readFileSync(join(SOURCE, file), "utf-8"), /(nbviz-[a-z][\w-]*)/g);
	const sheets = new Map<string, ReadonlySet<string>>();
	for (const file of readdirSync(SOURCE, { recursive: true }).map(String)) {
		if (!file.endsWith(".css")) continue;
		const name = file.replaceAll("\\", "/");
		sheets.set(name, names(readFileSync(join(SOURCE, file), "utf-8"), /\.(nbviz-[a-z][\w-]*)/g));
	}
	const everywhere = [...reach("session/mount.ts")].filter((file) => sheets.has(file));
	const shared = [...sheets.keys()].filter((name) => /^(ui|items|charts)\//.test(name));
	expect(everywhere.length).toBeGreaterThan(3);
	expect(shared.length).toBeGreaterThan(5);
	const missing: string[] = [];
	for (const asset of assets.filter((file) => file.startsWith("panels/"))) {
		const files = [...reach(asset)];
		const brought = [...everywhere, ...files.filter((file) => sheets.has(file))];
		const styled = new Set(brought.flatMap((name) => [...(sheets.get(name) ?? [])]));
		const drawn = files.filter((file) => file.endsWith(".ts")).flatMap((file) => [...used(file)]);
		for (const sheet of shared) {
			if (brought.includes(sheet)) continue;
			const left = drawn.filter((name) => sheets.get(sheet)?.has(name) && !styled.has(name));
			if (left.length > 0) missing.push(`${asset}: ${sheet} (${[...new Set(left)].join(", ")})`);
		}
	}
	expect(missing).toEqual([]);
});

test("the bundle holds nothing that only an asset draws", () => {
	const inBundle = [...reach("session/widget.ts")];
	const libraries = assets.map(dirname);
	// What takes a panel's updates is there for all of a page's panels.
	const data = ["index", "state", "media-index", "newest", "series-data"];
	const drawn = inBundle.filter(
		(file) => libraries.includes(dirname(file)) && !data.includes(basename(file, ".ts")),
	);
	expect(drawn).toEqual([]);
});
