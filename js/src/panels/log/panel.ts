// What happened in a run: its events, prints, warnings and errors, as text and nothing else.

import { failureOf } from "../../session/failure";
import type { Context, Mount } from "../../session/panel";
import type { RunState } from "../../session/run";
import { runPicker, selectionOf } from "../../session/selection";
import { card } from "../../ui/card";
import { element } from "../../ui/element";
import { formatClock, formatCount } from "../../ui/format";
import { panelIcon } from "../../ui/panel-icons";
import { Entries, type Entry, type EntryLevel } from "./entries";
import { row } from "./rows";

/** Under this name its filter is remembered. */
const STATE_NAME = "log";
const ROWS_DRAWN = 500;
/** By default: what each validation came to is on the curves. */
const DEFAULT = "Without validations";
const FILTERS: Record<string, readonly EntryLevel[]> = {
	[DEFAULT]: ["info", "event", "print", "warning", "error"],
	Everything: ["info", "event", "print", "warning", "error"],
	"Warnings and errors": ["warning", "error"],
	Errors: ["error"],
	Prints: ["print"],
	Events: ["event", "info"],
};

export const mountLog: Mount = (host, context) => {
	const panel = new LogPanel(host, context);
	return () => panel.remove();
};

class LogPanel {
	private readonly root: HTMLElement;
	private readonly failure = element("div", "nbviz-log-failure", { role: "alert" });
	private readonly earlier = element("p", "nbviz-log-earlier");
	private readonly rows = element("div", "nbviz-log-rows");
	private readonly empty = element("p", "nbviz-empty");
	private readonly scroller = element(
		"div",
		"nbviz-log-scroller",
		{ role: "log", "aria-live": "off", "aria-label": "Log", tabindex: "0" },
		this.earlier,
		this.rows,
	);
	private readonly jump = element(
		"button",
		"nbviz-button nbviz-button-small nbviz-log-jump",
		{ type: "button" },
		panelIcon("down"),
		"Jump to newest",
	);
	private readonly level = element("select", "nbviz-select", { "aria-label": "Show which lines" });
	private readonly search = element("input", "nbviz-input nbviz-log-search", {
		type: "search",
		placeholder: "Filter",
		"aria-label": "Show lines that contain",
	});
	private readonly copy = element("button", "nbviz-button nbviz-button-quiet nbviz-button-small", {
		type: "button",
		title: "Copy the lines that are shown",
	});
	private readonly cleanups: (() => void)[] = [];
	private run: RunState | undefined;
	private entries: Entries | undefined;
	private follows = true;

	constructor(
		host: HTMLElement,
		private readonly context: Context,
	) {
		const { root, tools, body } = card(host, context, "Log", "nbviz-log");
		this.root = root;
		const { picker, update } = runPicker(context);
		this.level.append(...Object.keys(FILTERS).map((name) => element("option", "", {}, name)));
		const { level, search } = context.viewState.read(STATE_NAME);
		if (typeof level === "string" && level in FILTERS) this.level.value = level;
		if (typeof search === "string") this.search.value = search;
		this.copy.append(panelIcon("copy"), "Copy");
		this.jump.hidden = true;
		tools.append(picker, this.level, this.search, this.copy);
		body.append(
			this.failure,
			this.empty,
			element("div", "nbviz-log-frame", {}, this.scroller, this.jump),
		);
		this.listen();
		// Opened after it was collapsed, it has the size to scroll again.
		const resizes = new ResizeObserver(() => this.stick());
		resizes.observe(this.scroller);
		const refresh = () => {
			update();
			this.update();
		};
		this.cleanups.push(
			() => resizes.disconnect(),
			selectionOf(context).subscribe(refresh),
			context.store.subscribe((topics) => {
				if (["runs", "lines", "events", "progress"].some((topic) => topics.has(topic))) {
					refresh();
				}
			}),
		);
		refresh();
	}

	remove(): void {
		for (const cleanup of this.cleanups) cleanup();
		this.root.remove();
	}

	private listen(): void {
		this.level.addEventListener("change", () => this.filter());
		this.search.addEventListener("input", () => this.filter());
		this.copy.addEventListener("click", () => this.copyShown());
		this.jump.addEventListener("click", () => {
			this.follows = true;
			this.stick();
			this.scroller.focus();
		});
		this.scroller.addEventListener("scroll", () => {
			const { scrollTop, clientHeight, scrollHeight } = this.scroller;
			this.follows = scrollTop + clientHeight >= scrollHeight - 8;
			this.jump.hidden = this.follows;
		});
	}

	private update(): void {
		const { run } = selectionOf(this.context);
		if (run !== this.run) {
			this.run = run;
			this.entries = run && new Entries(run);
			this.entries?.take();
			this.redraw();
		} else {
			const added = this.entries?.take() ?? [];
			if (added.length > 0) {
				this.append(added.filter((entry) => this.passes(entry)));
				this.sayWhatIsMissing();
				this.stick();
			}
		}
		this.showFailure();
	}

	private filter(): void {
		const [level, search] = [this.level.value, this.search.value];
		this.context.viewState.write(STATE_NAME, { level, search });
		this.redraw();
	}

	private redraw(): void {
		this.rows.replaceChildren();
		this.append(this.shown());
		this.sayWhatIsMissing();
		this.stick();
	}

	private shown(): Entry[] {
		return this.entries?.kept.filter((entry) => this.passes(entry)) ?? [];
	}

	private passes({ level, text }: Entry): boolean {
		const levels = FILTERS[this.level.value];
		if (levels && !levels.includes(level)) return false;
		if (this.level.value === DEFAULT && /^validation(:|$)/.test(text)) return false;
		const wanted = this.search.value.trim().toLowerCase();
		return wanted === "" || text.toLowerCase().includes(wanted);
	}

	/** Adds rows at the end; of a flood only the newest are ever made. */
	private append(entries: readonly Entry[]): void {
		const drawn = entries.slice(-ROWS_DRAWN);
		this.rows.append(...drawn.map(row));
		while (this.rows.childElementCount > ROWS_DRAWN) {
			this.rows.firstElementChild?.remove();
		}
	}

	private stick(): void {
		if (this.follows) this.scroller.scrollTop = this.scroller.scrollHeight;
		this.jump.hidden = this.follows;
	}

	private sayWhatIsMissing(): void {
		const dropped = this.entries?.dropped ?? 0;
		const undrawn = this.shown().length - this.rows.childElementCount;
		const missing = undrawn + dropped;
		this.earlier.hidden = missing === 0;
		const copied = undrawn > 0 ? " Copy has those that are still kept." : "";
		this.earlier.textContent = `${formatCount(missing)} earlier lines are not drawn.${copied}`;
		const isEmpty = this.rows.childElementCount === 0;
		const isFiltered = (this.entries?.kept.length ?? 0) > 0;
		this.empty.hidden = !isEmpty;
		this.empty.textContent = isFiltered
			? "No line passes the filter."
			: "Nothing has happened yet. Prints, warnings and changes of the run appear here.";
		this.scroller.hidden = isEmpty;
	}

	private showFailure(): void {
		const failure = this.run && failureOf(this.run);
		this.failure.hidden = !failure;
		if (!failure) return;
		const text = `Failed at step ${formatCount(failure.step)}`;
		const shown = `${text}${failure.summary}`;
		if (this.failure.textContent === shown) return;
		this.failure.replaceChildren(
			element("span", "nbviz-log-failure-when", {}, text),
			element("strong", "nbviz-log-failure-what", {}, failure.summary),
		);
	}

	private copyShown(): void {
		const text = this.shown()
			.map(({ wallTime, step, level, text }) =>
				[formatClock(wallTime), `step ${step}`, level, text].join("\t"),
			)
			.join("\n");
		const say = (answer: string) => {
			this.copy.replaceChildren(panelIcon("copy"), answer);
			setTimeout(() => this.copy.replaceChildren(panelIcon("copy"), "Copy"), 1500);
		};
		// A page that is not served securely has no clipboard.
		const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("none"));
		written.then(
			() => say("Copied"),
			() => say("Not allowed here"),
		);
	}
}
