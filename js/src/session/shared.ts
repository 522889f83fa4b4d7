// What the panels of a view share: one of each kind for each view, and who is told of its changes.

/** What `make` returns, the same for all panels of a view. */
export function sharedIn<T>(root: HTMLElement, name: string, make: () => T): T {
	// On the view's element, where also panels find it whose code is loaded by itself.
	const holder = root as HTMLElement & Record<symbol, T | undefined>;
	const key = Symbol.for(`nbviz.${name}`);
	holder[key] ??= make();
	return holder[key];
}

export class Listeners<A extends readonly unknown[] = []> {
	private readonly all = new Set<(...args: A) => void>();

	/** Calls `listener` at each change. Returns a function that unsubscribes. */
	readonly subscribe = (listener: (...args: A) => void): (() => void) => {
		this.all.add(listener);
		return () => this.all.delete(listener);
	};

	readonly notify = (...args: A): void => {
		for (const listener of [...this.all]) listener(...args);
	};
}
