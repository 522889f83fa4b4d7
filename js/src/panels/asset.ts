// A panel whose code the page fetches when the panel is first seen: the bundle stays small, and what
// nobody opens is never sent.
import type { Asker } from "../connection";
import type { Store } from "../store";
import { card } from "./card";
import { element, type Mount } from "./panel";

/** Shared by all of nbviz's widgets of a page: each has a module scope of its own. */
const SHARED = Symbol.for("nbviz.assets");
type Shared = { [SHARED]?: Map<string, Promise<{ mount: Mount }>> };

/**
 * Returns a mount that loads the asset `name`, and until then shows an empty card called `title`.
 * While the panel is not `wanted` it is not there, or says what is `missing` if it was chosen.
 */
export function mountAsset(
	name: string,
	title: string,
	wanted: (store: Store) => boolean,
	missing: string,
): Mount {
	return (host, context) => {
		const note = element("p", "nbviz-empty", { role: "status" });
		const waiting = card(host, context, title, `nbviz-${name}`);
		waiting.body.append(note);
		let unmount: (() => void) | undefined;
		let isGone = false;
		let isSeen = false;
		let isLoading = false;
		const load = () => {
			isLoading = true;
			seen.disconnect();
			loadAsset(name, context.asker).then(
				({ mount }) => {
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
			const isWanted = wanted(context.store);
			host.hidden = !isWanted && !context.isChosen;
			if (isLoading) return;
			// Before the first snapshot nobody knows what is missing.
			const absent = context.store.runs.size > 0 ? missing : "";
			note.textContent = isWanted ? "Loading…" : absent;
			if (isWanted && isSeen) load();
		};
		look();
		seen.observe(host);
		const unsubscribe = context.store.subscribe(look);
		return () => {
			unsubscribe();
			isGone = true;
			seen.disconnect();
			unmount?.();
			waiting.root.remove();
		};
	};
}

function loadAsset(name: string, asker: Asker): Promise<{ mount: Mount }> {
	const shared = globalThis as Shared;
	shared[SHARED] ??= new Map();
	const assets = shared[SHARED];
	// Another version of nbviz may be on the same page.
	const key = `${name} ${VERSION}`;
	const known = assets.get(key);
	if (known) return known;
	const loading = asker.ask({ kind: "send_asset", name }).then((answer) => {
		if (answer.kind !== "asset_sent" || !("bytes" in answer)) throw new Error(`no asset ${name}`);
		const url = URL.createObjectURL(
			new Blob([answer.bytes as DataView<ArrayBuffer>], { type: "text/javascript" }),
		);
		return import(/* @vite-ignore */ url) as Promise<{ mount: Mount }>;
	});
	assets.set(key, loading);
	loading.catch(() => assets.delete(key));
	return loading;
}
