// What a reader chose in a view, kept in the browser's tab until it is closed, so that a reload of the
// page finds it again. Nothing of it leaves the page.

/** What one part of a view remembers, by name; plain values only. */
export type Choices = Readonly<Record<string, unknown>>;

export interface ViewState {
	/** What `write` was given last, in this page or before its reload. It may be of any form. */
	read(part: string): Choices;
	/** Replaces what is remembered of a part. */
	write(part: string, choices: Choices): void;
}

/** Remembers as long as the view is there. */
export function passingViewState(): ViewState {
	const parts: Record<string, Choices> = {};
	return {
		read: (part) => parts[part] ?? {},
		write(part, choices) {
			parts[part] = choices;
		},
	};
}

/** Remembers as long as the tab is there, under a key of the view's own. */
export function tabViewState(key: string): ViewState {
	const name = `nbviz ${key}`;
	const parts = { ...asChoices(stored(name)) };
	return {
		read: (part) => asChoices(parts[part]),
		write(part, choices) {
			parts[part] = choices;
			try {
				sessionStorage.setItem(name, JSON.stringify(parts));
			} catch {
				// No storage (a sandboxed frame) or no room: it is remembered until the reload.
			}
		},
	};
}

/** Keeps some parts under a key that the next view in the same place has, too; all others in `own`. */
export function placedViewState(own: ViewState, key: string, parts: readonly string[]): ViewState {
	const placed = tabViewState(key);
	const of = (part: string) => (parts.includes(part) ? placed : own);
	return {
		read: (part) => of(part).read(part),
		write: (part, choices) => of(part).write(part, choices),
	};
}

function stored(name: string): unknown {
	try {
		return JSON.parse(sessionStorage.getItem(name) ?? "{}");
	} catch {
		return {};
	}
}

export function asChoices(value: unknown): Choices {
	return typeof value === "object" && value !== null ? (value as Choices) : {};
}

export function asTexts(value: unknown): string[] {
	return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
