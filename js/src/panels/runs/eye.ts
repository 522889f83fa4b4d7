// The button that hides or shows a run's curves.
import { element } from "../../ui/element";

const OPEN =
	"M8 3.2c3.2 0 5.7 2.1 7 4.8-1.3 2.7-3.8 4.8-7 4.8S2.3 10.7 1 8c1.3-2.7 3.8-4.8 7-4.8zm0 1.4C5.7 4.6 3.7 5.9 2.6 8c1.1 2.1 3.1 3.4 5.4 3.4s4.3-1.3 5.4-3.4C12.3 5.9 10.3 4.6 8 4.6zm0 1.2a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4z";
const CLOSED =
	"M1.6 6.8c1.5 2 3.8 3.4 6.4 3.4s4.9-1.4 6.4-3.4l1 .8-1.5 1.6 1.3 1.5-1 .9-1.4-1.6a8 8 0 0 1-1.7.9l.5 2-1.3.3-.5-2a9 9 0 0 1-1.8.2 9 9 0 0 1-1.8-.2l-.5 2-1.3-.3.5-2a8 8 0 0 1-1.7-.9l-1.4 1.6-1-.9 1.3-1.5L.6 7.6z";

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
