// The step under the pointer, shared by all charts of a view.
import type { Cursor } from "./panels/panel";

export function createCursor(): Cursor {
	const listeners = new Set<() => void>();
	let current: number | undefined;
	return {
		get step() {
			return current;
		},
		set(step) {
			if (step === current) return;
			current = step;
			for (const listener of listeners) listener();
		},
		subscribe(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
	};
}
