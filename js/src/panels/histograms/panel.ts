// Histograms of a run over the steps, with those of the other shown runs over them.
import { mountItems } from "../../items/panel";
import { itemState } from "../../session/item-panel";
import { element } from "../../ui/element";
import { segmentedControl } from "../../ui/segmented-control";
import type { Form, Shown } from "./view";
import { type HistogramContent, HistogramView } from "./view";

const FORMS: Readonly<Record<string, Form>> = { Ridges: "ridges", Heat: "heat", Bands: "bands" };

export const mountHistograms = mountItems<HistogramContent>(({ context, changed }) => {
	const { form, isLog, isOverlaid } = context.viewState.read("histograms-form");
	const shown: Shown = {
		form: Object.values(FORMS).find((one) => one === form) ?? "ridges",
		isLog: isLog === true,
		isOverlaid: isOverlaid === true,
	};
	const change = (change: Partial<Shown>) => {
		Object.assign(shown, change);
		context.viewState.write("histograms-form", { ...shown });
		changed();
	};
	const forms = segmentedControl<Form>("Form of the histograms", FORMS, shown.form, (form) =>
		change({ form }),
	);
	const toggle = (label: string, title: string, isOn: boolean, choose: (isOn: boolean) => void) => {
		const button = element(
			"button",
			"nbviz-button nbviz-button-small",
			{ type: "button", title, "aria-pressed": String(isOn) },
			label,
		);
		button.addEventListener("click", () => {
			const now = button.getAttribute("aria-pressed") !== "true";
			button.setAttribute("aria-pressed", String(now));
			choose(now);
		});
		return button;
	};
	const log = toggle("Log", "Counts on a logarithmic scale", shown.isLog, (isLog) =>
		change({ isLog }),
	);
	const runs = toggle(
		"All runs",
		"Draw the other shown runs, too",
		shown.isOverlaid,
		(isOverlaid) => change({ isOverlaid }),
	);
	return {
		name: "histograms",
		title: "Histograms",
		noun: "histograms",
		state: itemState("histograms"),
		follows: true,
		tools: [runs, log, forms],
		update() {
			runs.hidden = context.store.runs.size < 2;
		},
		isOverlaid: () => shown.isOverlaid && shown.form !== "heat",
		ask: (asker, { run_id, tag, step, after = -1 }) =>
			asker.ask({ kind: "send_histograms", run_id, tag, step, after }),
		view: (_, host) => new HistogramView(host, shown),
	};
});
