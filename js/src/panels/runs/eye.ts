// The button that hides or shows a run's curves.
import { element } from "../../ui/element";

const OPEN =
	"M8 3.2c3.2 0 5.7 2.1 7 4.8-1.3 2.7-3.8 4.8-7 4.8S2.3 10.7 1 8c1.3-2.7 3.8-4.8 7-4.8zm0 1.4C5.7 4.6 3.7 5.9 2.6 8c1.1 2.1 3.1 3.4 5.4 3.4s4.3-1.3 5.4-3.4C12.3 5.9 10.3 4.6 8 4.6zm0 1.2a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4z";
/** A closed lid with its lashes. */
const CLOSED =
	"M1.2 6.4l1.1-.8C3.6 7.3 5.7 8.4 8 8.4s4.4-1.1 5.7-2.8l1.1.8c-.3.4-.7.8-1.1 1.2l1 1.4-1.1.8-1-1.400c-.5.3-1.1.6-1.7.8l.4 1.7-1.3.3-.4-1.700a8 8 0 0 1-1.2 0L6 11.2l-1.3-.3.4-1.700c-.6-.2-1.2-.5-1.7-.8l-1 1.4-1.1-.8 1-1.400c-.4-.4-.8-.8-1.1-1.200z";

/** An eye, open where the curves are shown. */
export function eye(isShown: boolean, label: string): HTMLButtonElement {
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	svg.setAttribute("viewBox", "0 0 16 16");
	svg.setAttribute("class", "nbviz-icon");
	svg.setAttribute("aria-hidden", "true");
	const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
	path.setAttribute("d", isShown ? OPEN : CLOSED);
	path.setAttribute("fill-rule", "evenodd");
	svg.append(path);
	return element(
		"button",
		"nbviz-runs-eye",
		{
			type: "button",
			tabindex: "-1",
			"data-action": "eye",
			"aria-pressed": String(isShown),
			"aria-label": label,
			title: label,
		},
		svg,
	);
}
