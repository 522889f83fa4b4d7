// Bundles the front end into ES modules: the widget, which anywidget sends to the page as text, the
// summary's widget, and the assets, which the page fetches when it needs them.
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

/** Reads modules of a folder that is an asset of its own from where that asset puts them. */
const sharedModules = (folders) => ({
	name: "shared-modules",
	setup(builder) {
		builder.onResolve({ filter: /^\./ }, ({ path, resolveDir, importer }) => {
			const folder = dirname(resolve(resolveDir, path));
			if (!folders.includes(folder) || path.endsWith(".css")) return undefined;
			if (dirname(importer) === folder) return undefined;
			return { path: basename(folder), namespace: "shared" };
		});
		builder.onLoad({ filter: /.*/, namespace: "shared" }, ({ path }) => ({
			contents: `module.exports = globalThis[Symbol.for("nbviz.${path} " + VERSION)];`,
			loader: "js",
		}));
	},
});

const shared = {
	bundle: true,
	minify: true,
	target: "es2022",
	legalComments: "none",
	define: { VERSION },
};

/** The entries by the names of their bundles: a folder with an asset.ts is an asset of its name. */
async function entries() {
	const files = await readdir(SOURCE, { recursive: true });
	const assets = files
		.filter((file) => basename(file) === "asset.ts")
		.map((file) => [basename(dirname(file)), resolve(SOURCE, file)]);
	return {
		widget: resolve(SOURCE, "session/widget.ts"),
		summary: resolve(SOURCE, "summary/widget.ts"),
		...Object.fromEntries(assets),
	};
}

const entryPoints = await entries();
const folders = Object.values(entryPoints)
	.filter((file) => basename(file) === "asset.ts" && !file.includes(`${sep}panels${sep}`))
	.map(dirname);
const options = {
	...shared,
	entryPoints,
	outdir: "../nbviz/static",
	format: "esm",
	plugins: [workerAsText, stylesAsText, sharedModules(folders)],
	metafile: true,
};

if (process.argv.includes("--watch")) {
	await (await context(options)).watch();
} else {
	const result = await build(options);
	for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
		console.log(`${file.replace("../", "")} ${(bytes / 1000).toFixed(1)} kB`);
	}
}
