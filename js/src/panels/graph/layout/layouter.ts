// Lays out graphs off the page's main thread, or on it where the page allows no worker.
import type { LayoutAnswer, LayoutRequest } from "./layout-worker";
import script from "./layout-worker?worker";
import type { Direction } from "./level";
import type { LevelLayout, LevelPlan } from "./plan";

export interface Layouter {
	layout(plan: LevelPlan, direction: Direction): Promise<LevelLayout>;
	close(): void;
}

type Layout = (plan: LevelPlan, direction: Direction) => LevelLayout;

/** How long a worker may take to start before the main thread takes over. */
const START_MS = 4000;

export function createLayouter(): Layouter {
	const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
	const waiting = new Map<number, Waiting>();
	let asked = 0;
	let worker: Worker | undefined;
	let direct: Promise<Layout> | undefined;

	const takeOver = () => {
		worker?.terminate();
		worker = undefined;
		direct ??= import(/* @vite-ignore */ url).then((module: { layout: Layout }) => module.layout);
		for (const { request, resolve, reject } of waiting.values()) {
			direct.then((layout) => resolve(layout(request.plan, request.direction))).catch(reject);
		}
		waiting.clear();
	};
	try {
		worker = new Worker(url, { type: "module" });
		worker.onerror = takeOver;
		worker.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => {
			clearTimeout(timer);
			const asker = waiting.get(data.id);
			waiting.delete(data.id);
			if ("error" in data) asker?.reject(new Error(data.error));
			else asker?.resolve(data.layout);
		};
	} catch {
		takeOver();
	}
	let timer: ReturnType<typeof setTimeout> | undefined;
	return {
		layout(plan, direction) {
			const request = { id: ++asked, plan, direction };
			return new Promise((resolve, reject) => {
				waiting.set(request.id, { request, resolve, reject });
				if (!worker) takeOver();
				else {
					if (request.id === 1) timer = setTimeout(takeOver, START_MS);
					worker.postMessage(request);
				}
			});
		},
		close() {
			clearTimeout(timer);
			worker?.terminate();
			URL.revokeObjectURL(url);
		},
	};
}

interface Waiting {
	readonly request: LayoutRequest;
	readonly resolve: (layout: LevelLayout) => void;
	readonly reject: (error: Error) => void;
}
