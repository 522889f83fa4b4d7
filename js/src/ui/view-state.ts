// What a reader chose in a view, so that a reload of the page finds it again: kept in the browser's tab
// until it is closed, and what belongs to a place in a notebook in the browser. Nothing of it leaves the
// page.

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
	return keptIn("sessionStorage", `nbviz ${key}`);
}

/** Keeps some parts under a key that the next view in the same place has, too; all others in `own`. */
export function placedViewState(
	own: ViewState,
	key: string,
	parts: readonly string[],
	/** Also after the tab was closed: the key tells the place from those of all other notebooks. */
	isLasting: boolean,
): ViewState {
	const placed = keptIn(isLasting ? "localStorage" : "sessionStorage", `${PLACE}${key}`);
	const of = (part: string) => (parts.includes(part) ? placed : own);
	return {
		read: (part) => of(part).read(part),
		write: (part, choices) => of(part).write(part, choices),
	};
}

const PLACE = "nbviz place ";
const MOST_PLACES = 40;
/** Characters that all places take. */
const MOST_LENGTH = 400_000;

/** As JSON; where others are forgotten in time, after the milliseconds at which it was written. */
function keptIn(name: "localStorage" | "sessionStorage", key: string): ViewState {
	const stored = (): Choices => {
		try {
			return asChoices(JSON.parse((globalThis[name].getItem(key) ?? "").replace(/^\d+ /, "")));
		} catch {
			return {};
		}
	};
	let parts = stored();
	return {
		read: (part) => asChoices(parts[part]),
		write(part, choices) {
			// Another tab may have written the others.
			parts = { ...parts, ...stored(), [part]: choices };
			try {
				const isLasting = name === "localStorage";
				globalThis[name].setItem(
					key,
					`${isLasting ? `${Date.now()} ` : ""}${JSON.stringify(parts)}`,
				);
				if (isLasting) forgetOldest(localStorage);
			} catch {
				// No storage (a sandboxed frame) or no room: it is remembered until the reload.
			}
		},
	};
}

function forgetOldest(storage: Storage): void {
	const places = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? "")
		.filter((key) => key.startsWith(PLACE))
		.map((key) => [key, storage.getItem(key) ?? ""] as const)
		.sort(([, a], [, b]) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
	let length = 0;
	for (const [i, [key, text]] of places.entries()) {
		length += text.length;
		if (i >= MOST_PLACES || (i > 0 && length > MOST_LENGTH)) storage.removeItem(key);
	}
}

export function asChoices(value: unknown): Choices {
	return typeof value === "object" && value !== null ? (value as Choices) : {};
}

export function asTexts(value: unknown): string[] {
	return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
