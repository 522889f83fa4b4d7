// The titled, collapsible box that panels share.

import { element } from "./element";
import { icon } from "./icons";
import type { ViewState } from "./view-state";

export interface Card {
	/** The whole panel. */
	readonly root: HTMLElement;
	/** Right of the title, for the panel's controls; hidden while it is collapsed. */
	readonly tools: HTMLElement;
	readonly body: HTMLElement;
}

let made = 0;

/**
 * Appends a panel with a title to `host`; its content is hidden by a click on the title. `folded` is
 * called at each such click.
 */
export function card(
	host: HTMLElement,
	{ viewState }: { readonly viewState: ViewState },
	title: string,
	className: string,
	folded: () => void = () => undefined,
): Card {
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
	const fold = (isFolded: boolean) => {
		body.hidden = isFolded;
		tools.hidden = isFolded;
		toggle.setAttribute("aria-expanded", String(!isFolded));
	};
	toggle.addEventListener("click", () => {
		fold(!body.hidden);
		viewState.write("folded", { ...viewState.read("folded"), [className]: body.hidden });
		folded();
	});
	fold(viewState.read("folded")[className] === true);
	host.append(root);
	return { root, tools, body };
}
