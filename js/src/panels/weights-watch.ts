// Tells the kernel which parameters can be seen now: on the screen, in a visible tab, not collapsed.
import type { Asker } from "../connection";
import type { RunState } from "../store";

const NEARLY_ON_SCREEN = "150px";

let views = 0;

export class WeightsWatch {
	private readonly view = ++views;
	private readonly observer: IntersectionObserver;
	private readonly names = new Map<Element, string>();
	private readonly onScreen = new Set<string>();
	private run: RunState | undefined;
	private told = "";
	private isDue = false;

	constructor(
		private readonly asker: Asker,
		private readonly failed: (reason: string) => void,
	) {
		this.observer = new IntersectionObserver(
			(entries) => {
				for (const { target, isIntersecting } of entries) {
					const name = this.names.get(target);
					if (name === undefined) continue;
					if (isIntersecting) this.onScreen.add(name);
					else this.onScreen.delete(name);
				}
				this.tellSoon();
			},
			{ rootMargin: NEARLY_ON_SCREEN },
		);
		document.addEventListener("visibilitychange", this.tellSoon);
	}

	/** Follows these cards of a run. A run that was sent anew has forgotten what it was told. */
	follow(run: RunState | undefined, cards: ReadonlyMap<string, { readonly root: Element }>): void {
		if (run !== this.run) {
			if (this.run && run?.run_id !== this.run.run_id) this.tell(this.run, []);
			this.run = run;
			this.told = "";
		}
		const elements = new Set([...cards.values()].map(({ root }) => root));
		for (const [target, name] of this.names) {
			if (elements.has(target)) continue;
			this.observer.unobserve(target);
			this.names.delete(target);
			this.onScreen.delete(name);
		}
		for (const [name, { root }] of cards) {
			if (this.names.has(root)) continue;
			this.names.set(root, name);
			this.observer.observe(root);
		}
		this.tellSoon();
	}

	remove(): void {
		document.removeEventListener("visibilitychange", this.tellSoon);
		this.observer.disconnect();
		if (this.run && this.told !== "") this.tell(this.run, []);
		this.run = undefined;
	}

	/** Once for all the changes of this turn. */
	private readonly tellSoon = (): void => {
		if (this.isDue) return;
		this.isDue = true;
		queueMicrotask(() => {
			this.isDue = false;
			if (!this.run) return;
			const names = document.visibilityState === "hidden" ? [] : [...this.onScreen].sort();
			const telling = JSON.stringify(names);
			if (telling === this.told || (this.told === "" && names.length === 0)) return;
			this.told = telling;
			this.tell(this.run, names);
		});
	};

	private tell(run: RunState, names: string[]): void {
		if (!this.asker.isLive) return;
		this.asker
			.ask({
				kind: "set_wanted",
				run_id: run.run_id,
				panel: "weights",
				view: this.view,
				keys: names,
			})
			.catch((error) => {
				// A view that is closing asks for nothing and needs no answer.
				if (names.length > 0) this.failed(error instanceof Error ? error.message : String(error));
			});
	}
}
