// Bundles src/widget.ts into one ES module, which anywidget sends to the page as text.
import { readFile } from "node:fs/promises";
import { build, context, transform } from "esbuild";

/** Bundles an import ending in `?worker` to a string, so that the page can start it from a Blob. */
const workerAsText = {
	name: "worker-as-text",
	setup(builder) {
		builder.onResolve({ filter: /\?worker$/ }, (args) => ({
			path: new URL(args.path.replace("?worker", ".ts"), `file://${args.resolveDir}/`).pathname,
			namespace: "worker",
		}));
		builder.onLoad({ filter: /.*/, namespace: "worker" }, async (args) => {
			const result = await build({
				...shared,
				entryPoints: [args.path],
				format: "esm",
				write: false,
			});
			return { contents: result.outputFiles[0].text, loader: "text" };
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

const { version } = JSON.parse(await readFile("package.json", "utf8"));

const shared = {
	bundle: true,
	minify: true,
	target: "es2022",
	legalComments: "none",
};
const options = {
	...shared,
	entryPoints: {
		widget: "src/widget.ts",
		graph: "src/graph-asset.ts",
		media: "src/media-asset.ts",
		summary: "src/summary.ts",
	},
	outdir: "../nbviz/static",
	define: { VERSION: JSON.stringify(version) },
	format: "esm",
	plugins: [workerAsText, stylesAsText],
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
