// Panels whose code the page fetches when they are first seen: the bundle stays small, and what is never
// opened is never sent.
import { card } from "../ui/card";
import { element } from "../ui/element";
import { importModule } from "../ui/import-module";
import type { Asker } from "./asker";
import type { AssetPanel, Mount, Panel } from "./panel";
import { isExpected } from "./workspace/presence";

/** What an asset exports. */
export interface Asset {
	/** The version of nbviz that it was built from. */
	readonly version: string;
	/** Draws the panel; an asset that others need has none. */
	readonly mount?: Mount;
}

/** Shared by all of nbviz's widgets of a page: each has a module scope of its own. */
const SHARED = Symbol.for("nbviz.assets");
type Loading = Promise<Asset> & { asker?: Asker | undefined };
type Shared = { [SHARED]?: Map<string, Loading> };
/** How long another view's kernel is waited for, which a cell may block, before one's own is asked. */
const ELSEWHERE_MS = 2000;

export const UPGRADED = "nbviz was upgraded while this kernel ran; restart the kernel.";

type Load = (asset: AssetPanel, asker: Asker) => Promise<Mount>;

/**
 * Returns a mount that loads the panel's asset once it is seen, and until then shows an empty card.
 * While no run has anything to show the panel is not there, or says what is missing if it was chosen.
 */
export function mountAsset(panel: Panel, asset: AssetPanel, load: Load = loadPanel): Mount {
	return (host, context) => {
		const { store } = context;
		const note = element("p", "nbviz-empty", { role: "status" });
		const waiting = card(host, context, asset.title, `nbviz-${panel.name}`);
		waiting.body.append(note);
		let unmount: (() => void) | undefined;
		let isGone = false;
		let isSeen = false;
		let isLoading = false;
		const begin = () => {
			isLoading = true;
			seen.disconnect();
			load(asset, context.asker).then(
				(mount) => {
					if (isGone) return;
					waiting.root.remove();
					unmount = mount(host, context);
				},
				(error: unknown) => {
					note.textContent = error instanceof Error ? error.message : String(error);
				},
			);
		};
		const seen = new IntersectionObserver((entries) => {
			isSeen = entries.some((entry) => entry.isIntersecting);
			look();
		});
		// What is hidden is not seen, and so not loaded.
		const look = () => {
			const isWanted = isExpected(panel, store);
			host.hidden = !isWanted && !context.isChosen;
			if (isLoading) return;
			// Before the first snapshot it is not known what is missing.
			const absent = store.runs.size > 0 ? asset.missing : "";
			note.textContent = isWanted ? "Loading…" : absent;
			const isInClosedTab = host.closest("[hidden]") !== null;
			if (asset.isAlwaysThere || (isWanted && (isSeen || (asset.isEager && !isInClosedTab))))
				begin();
		};
		look();
		seen.observe(host);
		const unsubscribe = store.subscribe(look);
		return () => {
			unsubscribe();
			isGone = true;
			seen.disconnect();
			unmount?.();
			waiting.root.remove();
		};
	};
}

/** Loads a panel's asset after those that it needs. */
async function loadPanel({ name, needs = [] }: AssetPanel, asker: Asker): Promise<Mount> {
	const needed = Promise.all(needs.map((one) => loadAsset(one, asker)));
	// The sources are fetched together, and run in order.
	needed.catch(() => undefined);
	const { mount } = await loadAsset(name, asker, async (source) => {
		await needed;
		return importModule(source);
	});
	return mount as Mount; // a panel's own asset has it
}

/** Loads an asset once for the page. Rejects one that was built from another version of nbviz. */
export function loadAsset<A extends Asset = Asset>(
	name: string,
	asker: Asker,
	evaluate: (source: DataView<ArrayBuffer>) => Promise<Asset> = importModule,
): Promise<A> {
	const shared = globalThis as Shared;
	shared[SHARED] ??= new Map();
	const assets = shared[SHARED];
	// Another version of nbviz may be on the same page.
	const key = `${name} ${VERSION}`;
	const known = assets.get(key);
	if (known) {
		// It has no asker once it is loaded.
		if (!known.asker || known.asker === asker) return known as Promise<A>;
		const again = () => loadAsset<A>(name, asker, evaluate);
		const late = new Promise((resolve) => setTimeout(resolve, ELSEWHERE_MS)).then(() => {
			if (assets.get(key) === known) assets.delete(key);
			return again();
		});
		return Promise.race([known.catch(again) as Promise<A>, late]);
	}
	const loading: Loading = asker
		.ask({ kind: "send_asset", name })
		.then(({ bytes }) => evaluate(bytes as DataView<ArrayBuffer>))
		.then((asset) => {
			if (asset.version !== VERSION) throw new Error(UPGRADED);
			assets.set(key, Promise.resolve(asset));
			return asset;
		});
	loading.asker = asker;
	assets.set(key, loading);
	loading.catch(() => assets.delete(key));
	return loading as Promise<A>;
}
