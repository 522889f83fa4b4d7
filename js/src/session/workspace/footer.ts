// The place of the time line, which is loaded once a run has something that is shown one step at a time, or
// can go back to earlier steps.
import { loadAsset } from "../assets";
import type { Context } from "../panel";

const LEAST_STEPS = 2;

/** Fills the place when there is something to go over. Returns a function that empties it. */
export function footer(host: HTMLElement, context: Context): () => void {
	const { store, panels, asker } = context;
	let isGone = false;
	let unmount: (() => void) | undefined;
	const look = () => {
		const runs = [...store.runs.values()];
		const has = runs.some(
			(run) =>
				run.going_back || panels.some(({ steps }) => (steps?.(run).length ?? 0) >= LEAST_STEPS),
		);
		if (!has) return;
		unsubscribe();
		loadAsset("timeline", asker).then(
			({ mount }) => {
				if (!isGone) unmount = mount?.(host, context);
			},
			() => undefined, // without it the newest is shown
		);
	};
	host.hidden = true;
	const unsubscribe = store.subscribe(look);
	look();
	return () => {
		isGone = true;
		unsubscribe();
		unmount?.();
	};
}
