// Which parameters can be seen now: their cards are on the screen and not collapsed.
import type { Context } from "../../session/panel";
import type { RunState } from "../../session/run";

const NEARLY_ON_SCREEN = "150px";

export class VisibleLayers {
	private readonly observer: IntersectionObserver;
	private readonly names = new Map<Element, string>();
	private readonly onScreen = new Set<string>();
	private run: RunState | undefined;

	constructor(
		private readonly wanted: Context["wanted"],
		private readonly refused: (reason: string) => void,
	) {
		this.observer = new IntersectionObserver(
			(entries) => {
				for (const { target, isIntersecting } of entries) {
					const name = this.names.get(target);
					if (name === undefined) continue;
					if (isIntersecting) this.onScreen.add(name);
					else this.onScreen.delete(name);
				}
				this.want();
			},
			{ rootMargin: NEARLY_ON_SCREEN },
		);
	}

	/** Follows these cards of a run. */
	follow(run: RunState | undefined, cards: ReadonlyMap<string, { readonly root: Element }>): void {
		this.run = run;
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
		this.want();
	}

	remove(): void {
		this.observer.disconnect();
		this.run = undefined;
		this.want();
	}

	private want(): void {
		const { run, refused } = this;
		const keys = [...this.onScreen].sort();
		const wants = run ? [{ run, keys, onlyVisible: true, refused }] : [];
		this.wanted.set("weights", "weights", wants);
	}
}
