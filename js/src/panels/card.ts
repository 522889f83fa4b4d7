// The titled, collapsible box that panels share.
import { icon } from "./icons";
import { element } from "./panel";

export interface Card {
	/** The whole panel. */
	readonly root: HTMLElement;
	/** Right of the title, for the panel's controls; hidden while it is collapsed. */
	readonly tools: HTMLElement;
	readonly body: HTMLElement;
}

let made = 0;

/** Appends a panel with a title to `host`; its content is hidden by a click on the title. */
export function card(host: HTMLElement, title: string, className: string): Card {
	const id = `nbviz-card-${++made}`;
	const toggle = element(
		"button",
		"nbviz-panel-toggle",
		{ type: "button", "aria-expanded": "true", "aria-controls": id },
		icon("chevron"),
		title,
	);
	const tools = element("div", "nbviz-panel-tools");
	const body = element("div", "nbviz-panel-body", { id });
	const heading = element("h3", "nbviz-panel-title", {}, toggle);
	const root = element(
		"div",
		`nbviz-panel ${className}`,
		{},
		element("header", "nbviz-panel-header", {}, heading, tools),
		body,
	);
	toggle.addEventListener("click", () => {
		const open = body.hidden;
		body.hidden = !open;
		tools.hidden = !open;
		toggle.setAttribute("aria-expanded", String(open));
	});
	host.append(root);
	return { root, tools, body };
}
