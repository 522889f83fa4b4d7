// The windows of a view: environments as tabs, a filter by title, and a grid.
import { element } from "../ui/element";
import { readTheme } from "../ui/theme";
import { Pane, WIDTH } from "./pane";
import { keyOf, type WindowsStore } from "./store";

/** CSS pixels: how high a row of the grid is, and between windows. */
const ROW = 10;
/** Columns of the grid that a window of the usual width takes. */
const COLUMNS = 4;
/** CSS pixels that such a window may have on a page. */
const READABLE = 320;
const GAP = 10;

export class WindowsPage {
	private readonly tabs = element("div", "nbviz-windows-tabs", { role: "tablist" });
	private readonly filter: HTMLInputElement;
	private readonly grid = element("div", "nbviz-windows-grid", { role: "tabpanel" });
	private readonly note = element("p", "nbviz-window-note", { role: "status" });
	private readonly bar: HTMLElement;
	private readonly panes = new Map<string, Pane>();
	private readonly leave: () => void;
	private env = "";
	private isChosen = false;
	private readonly sized: ResizeObserver;

	constructor(
		private readonly root: HTMLElement,
		private readonly store: WindowsStore,
		private readonly tell: (event: Readonly<Record<string, unknown>>) => void,
		private readonly isLive: boolean,
	) {
		this.filter = element("input", "nbviz-window-input nbviz-filter", {
			type: "search",
			placeholder: "Filter by title",
			"aria-label": "Filter windows by title, a regular expression",
		});
		this.filter.addEventListener("input", () => this.update());
		this.bar = element("div", "nbviz-windows-bar", {}, this.tabs, this.filter);
		this.root.append(this.bar, this.note, this.grid);
		this.leave = this.store.subscribe(() => this.update());
		this.sized = new ResizeObserver(() => this.place());
		this.sized.observe(this.grid);
		this.update();
	}

	recolour(): void {
		const theme = readTheme(this.root);
		for (const pane of this.panes.values()) pane.recolour(theme);
	}

	remove(): void {
		this.leave();
		this.sized.disconnect();
		for (const pane of this.panes.values()) pane.remove();
	}

	private update(): void {
		const { store } = this;
		// The first that has windows, until the reader chooses another.
		const [first] = store.windows.values();
		if (!this.isChosen || !store.envs.includes(this.env)) this.env = first?.env ?? store.env;
		this.drawTabs();
		const theme = readTheme(this.root);
		const pattern = patternOf(this.filter.value);
		const wanted = [...store.windows.values()].filter(({ env }) => env === this.env);
		const keys = new Set(wanted.map(({ env, win }) => keyOf(env, win)));
		for (const [key, pane] of this.panes) {
			if (keys.has(key)) continue;
			pane.remove();
			this.panes.delete(key);
		}
		for (const shown of wanted) {
			const key = keyOf(shown.env, shown.win);
			let pane = this.panes.get(key);
			if (!pane) {
				pane = new Pane(shown.env, shown.win, this.tell, this.isLive);
				this.panes.set(key, pane);
				this.grid.append(pane.root);
			}
			pane.take(shown, theme);
			pane.root.hidden = !pattern.test(pane.name);
		}
		this.note.hidden = keys.size > 0;
		this.note.textContent = store.isFilled ? `No windows in ${this.env || "this view"}.` : "";
		this.bar.hidden = store.envs.length < 2 && this.panes.size < 5;
		this.filter.hidden = this.panes.size < 5;
		this.root.dataset.windows = String(keys.size);
		this.root.dataset.state = store.isSilent ? "silent" : "live";
		this.place();
	}

	private drawTabs(): void {
		const { envs } = this.store;
		this.tabs.hidden = envs.length < 2;
		const known = [...this.tabs.children].map((tab) => (tab as HTMLElement).dataset.env);
		if (known.length !== envs.length || known.some((env, i) => env !== envs[i])) {
			this.tabs.replaceChildren(...envs.map((env) => this.tab(env)));
		}
		for (const tab of this.tabs.children) {
			const isShown = (tab as HTMLElement).dataset.env === this.env;
			tab.setAttribute("aria-selected", String(isShown));
			tab.setAttribute("tabindex", isShown ? "0" : "-1");
		}
	}

	private tab(env: string): HTMLElement {
		const tab = element("button", "nbviz-windows-tab", { type: "button", role: "tab" }, env);
		tab.dataset.env = env;
		tab.dataset.lmSuppressShortcuts = "true"; // JupyterLab moves between cells by arrows
		const show = (name: string) => {
			this.env = name;
			this.isChosen = true;
			this.update();
		};
		tab.addEventListener("click", () => show(env));
		tab.addEventListener("keydown", (event) => {
			const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
			if (step === 0) return;
			const { envs } = this.store;
			const next = envs[(envs.indexOf(env) + step + envs.length) % envs.length];
			if (next === undefined) return;
			show(next);
			this.tabs.querySelector<HTMLElement>(`[data-env="${CSS.escape(next)}"]`)?.focus();
			event.preventDefault();
			event.stopPropagation();
		});
		return tab;
	}

	/** Gives each window the columns and rows of the grid that it wants. */
	private place(): void {
		const { clientWidth } = this.grid;
		const columns = columnsOf(clientWidth);
		this.grid.style.setProperty("--columns", String(columns));
		for (const pane of this.panes.values()) {
			const { width, heightAt } = pane.size;
			const wide = Math.min(columns, columnsFor(width));
			pane.root.style.gridColumn = `span ${wide}`;
			const height = heightAt(((clientWidth + GAP) * wide) / columns - GAP);
			pane.root.style.gridRow = `span ${Math.ceil((height + GAP) / (ROW + GAP))}`;
		}
	}
}

/** Columns that a window of a width takes; a little less than it asks for will do. */
export function columnsFor(width: number): number {
	return Math.max(1, Math.ceil((COLUMNS * width) / WIDTH - 0.15));
}

/** Columns of a grid so wide: windows of the usual width fill its rows. */
export function columnsOf(width: number): number {
	return COLUMNS * Math.max(1, Math.round(width / READABLE));
}

/** What is no regular expression is looked for as it is. */
function patternOf(text: string): RegExp {
	try {
		return new RegExp(text, "i");
	} catch {
		return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
	}
}
