// Bundles the front end into ES modules: the widgets, which anywidget sends to the page as text (a view of
// runs, a summary, a chart, windows) with what loads them once a page, the first of them for pages without a
// kernel, and the assets, which the page fetches when it needs them.
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, resolve, sep } from "node:path";
import { build, context, transform } from "esbuild";

const SOURCE = resolve("src");
const { version } = JSON.parse(await readFile("package.json", "utf8"));
const VERSION = JSON.stringify(version);

/** Bundles an import ending in `?worker` to a string, so that the page can start it from a Blob. */
const workerAsText = {
	name: "worker-as-text",
	setup(builder) {
		builder.onResolve({ filter: /\?worker$/ }, (args) => ({
			path: resolve(args.resolveDir, args.path.replace("?worker", ".ts")),
			namespace: "worker",
		}));
		builder.onLoad({ filter: /.*/, namespace: "worker" }, async (args) => {
			const { outputFiles, metafile } = await build({
				...shared,
				entryPoints: [args.path],
				format: "esm",
				write: false,
				metafile: true,
			});
			const watchFiles = Object.keys(metafile.inputs).map((file) => resolve(file));
			return { contents: outputFiles[0].text, loader: "text", watchFiles };
		});
	},
};

/** Turns a style sheet into a string, without its comments and white space. */
const stylesAsText = {
	name: "styles-as-text",
	setup(builder) {
		builder.onLoad({ filter: /\.css$/ }, async ({ path }) => {
			const sheet = await readFile(path, "utf8");
			const { code } = await transform(sheet, { loader: "css", minify: true });
			return { contents: code, loader: "text" };
		});
	},
};

/** Reads modules of a folder that an asset shares from where it puts them. */
const sharedModules = (folders) => ({
	name: "shared-modules",
	setup(builder) {
		builder.onResolve({ filter: /^\./ }, ({ path, resolveDir, importer }) => {
			const folder = dirname(resolve(resolveDir, path));
			if (!folders.includes(folder) || path.endsWith(".css")) return undefined;
			if (dirname(importer) === folder) return undefined;
			return { path: basename(folder), namespace: "shared" };
		});
		builder.onLoad({ filter: /.*/, namespace: "shared" }, ({ path }) => {
			const place = `globalThis[Symbol.for("nbviz.${path} " + VERSION)]`;
			return { contents: `module.exports = ${place};` };
		});
	},
});

const shared = {
	bundle: true,
	minify: true,
	target: "es2022",
	legalComments: "none",
	define: { VERSION },
};

/** Folders by the file that says what they are for: an asset.ts makes an asset of the folder's name. */
async function folders(file) {
	const files = await readdir(SOURCE, { recursive: true });
	return files.filter((one) => basename(one) === file).map((one) => resolve(SOURCE, dirname(one)));
}

const assets = await folders("asset.ts");
// Assets that draw no panel are there for other assets.
const forAssets = assets.filter((folder) => !folder.includes(`${sep}panels${sep}`));
const output = { ...shared, outdir: "../nbviz/static", format: "esm", metafile: true };
const builds = [
	{
		...output,
		entryPoints: {
			widget: resolve(SOURCE, "session/widget.ts"),
			loader: resolve(SOURCE, "loader.ts"),
			page: resolve(SOURCE, "session/page.ts"),
			summary: resolve(SOURCE, "summary/widget.ts"),
			visdom: resolve(SOURCE, "visdom/widget.ts"),
			chart: resolve(SOURCE, "data-charts/widget.ts"),
		},
		plugins: [workerAsText, stylesAsText],
	},
	{
		...output,
		entryPoints: Object.fromEntries(assets.map((one) => [basename(one), resolve(one, "asset.ts")])),
		plugins: [workerAsText, stylesAsText, sharedModules(forAssets)],
	},
];

if (process.argv.includes("--watch")) {
	for (const options of builds) await (await context(options)).watch();
} else {
	for (const options of builds) {
		const result = await build(options);
		for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
			console.log(`${file.replace("../", "")} ${(bytes / 1000).toFixed(1)} kB`);
		}
	}
}
