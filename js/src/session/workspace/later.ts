// Parts of a view that have something to show only later, if ever: their code is fetched then.
import { loadAsset } from "../assets";
import type { Context } from "../panel";

const LEAST_STEPS = 2;

/** Has the time line fill its place once there is something to go over. Returns a function that empties it. */
export function footer(host: HTMLElement, context: Context): () => void {
	const { store, panels } = context;
	host.hidden = true;
	return later("timeline", host, context, () =>
		[...store.runs.values()].some(
			(run) =>
				run.going_back || panels.some(({ steps }) => (steps?.(run).length ?? 0) >= LEAST_STEPS),
		),
	);
}

/** Has what trains without a view said above this one. Returns a function that ends that. */
export function unseenRuns(context: Context): () => void {
	const { root, store } = context;
	return later("unseen", root, context, () => store.unseen.length > 0);
}

function later(
	name: string,
	host: HTMLElement,
	context: Context,
	isDue: () => boolean,
): () => void {
	let isGone = false;
	let unmount: (() => void) | undefined;
	const look = () => {
		if (!isDue()) return;
		unsubscribe();
		loadAsset(name, context.asker).then(
			({ mount }) => {
				if (!isGone) unmount = mount?.(host, context);
			},
			() => undefined, // the view does without
		);
	};
	const unsubscribe = context.store.subscribe(look);
	look();
	return () => {
		isGone = true;
		unsubscribe();
		unmount?.();
	};
}
