// One line of the log as it is shown: when, what, and a traceback to scroll through.

import { lastLine } from "../../session/failure";
import { element } from "../../ui/element";
import { formatClock, formatCount } from "../../ui/format";
import type { Entry, EntryLevel } from "./entries";

const MARKS: Record<EntryLevel, string> = {
	info: "·",
	event: "•",
	print: "›",
	warning: "!",
	error: "×",
};

export function row(entry: Entry): HTMLElement {
	const { level, step, wallTime, text } = entry;
	return element(
		"div",
		"nbviz-log-row",
		{ "data-level": level },
		element("span", "nbviz-log-time", {}, formatClock(wallTime)),
		element("span", "nbviz-log-step", { title: `step ${step}` }, formatCount(step)),
		element("span", "nbviz-log-mark", { "aria-hidden": "true" }, MARKS[level]),
		element("span", "nbviz-log-text", {}, spoken(level), content(entry, text)),
	);
}

function spoken(level: EntryLevel): Node | string {
	if (level !== "warning" && level !== "error") return "";
	return element("span", "nbviz-hidden-text", {}, `${level}: `);
}

/** Text as it is; a traceback as its last line, and the whole of it to scroll through. */
function content({ level }: Entry, text: string): Node | string {
	if (level !== "error" || !text.includes("\n")) return text;
	const trace = element(
		"pre",
		"nbviz-log-trace",
		{ tabindex: "0", "aria-label": "Traceback" },
		text,
	);
	// The newest call is at the end.
	requestAnimationFrame(() => {
		trace.scrollTop = trace.scrollHeight;
	});
	return element(
		"details",
		"nbviz-log-error",
		{ open: "" },
		element("summary", "", {}, lastLine(text)),
		trace,
	);
}
