// What can be chosen for one chart alone, behind a button at its title.
import { element } from "../../../ui/element";
import { icon } from "../../../ui/icons";
import { popup } from "../../../ui/popup";
import { smoothingSlider } from "../smoothing-slider";

export type ExportFormat = "png" | "svg" | "csv";

/** How a chart stands when its menu is opened. */
export interface ChartState {
	readonly isLog: boolean;
	readonly ignoresOutliers: boolean;
	readonly smoothing: number;
	/** Something was chosen for it alone. */
	readonly hasOwnLook: boolean;
	readonly isPinned: boolean;
	readonly isJoined: boolean;
	/** The charts with which it can be drawn as one, by title and name. */
	readonly others: readonly (readonly [title: string, name: string])[];
}

export interface ChartMenuActions {
	state(): ChartState;
	setLook(look: { isLog?: boolean; ignoresOutliers?: boolean; smoothing?: number }): void;
	/** Have it be as all charts are. */
	clearLook(): void;
	togglePin(): void;
	joinOnto(title: string): void;
	takeApart(): void;
	save(format: ExportFormat): void;
}

const FORMATS: readonly [ExportFormat, string, string][] = [
	["png", "PNG", "Save as a PNG picture"],
	["svg", "SVG", "Save as an SVG drawing"],
	["csv", "CSV", "Save the values as CSV"],
];

export function chartMenu(
	name: string,
	actions: ChartMenuActions,
): { root: HTMLElement; button: HTMLButtonElement; close(): void } {
	const label = `Options of ${name}`;
	const button = element(
		"button",
		"nbviz-button nbviz-button-quiet nbviz-icon-button",
		{ type: "button", title: label, "aria-label": label },
		icon("more"),
	);
	const box = element("div", "nbviz-chart-menu");
	const fill = () => {
		const state = actions.state();
		const asAll = act("As all charts", () => {
			actions.clearLook();
			fill();
		});
		asAll.hidden = !state.hasOwnLook;
		const look = (of: Parameters<ChartMenuActions["setLook"]>[0]) => {
			actions.setLook(of);
			asAll.hidden = false;
		};
		const closing = (then: () => void) => () => {
			made.close();
			button.focus();
			then();
		};
		const pin = act(
			state.isPinned ? "Unpin" : "Pin first",
			closing(() => actions.togglePin()),
		);
		const apart = act(
			"Take apart",
			closing(() => actions.takeApart()),
		);
		apart.hidden = !state.isJoined;
		box.replaceChildren(
			check("Log scale", state.isLog, (isLog) => look({ isLog })),
			check("Clip outliers", state.ignoresOutliers, (ignoresOutliers) => look({ ignoresOutliers })),
			smoothingSlider(state.smoothing, (smoothing) => look({ smoothing })),
			asAll,
			join(state.others, (title) => closing(() => actions.joinOnto(title))()),
			element("div", "nbviz-chart-menu-acts", {}, pin, apart),
			element(
				"div",
				"nbviz-chart-menu-acts",
				{ role: "group", "aria-label": `Save ${name}` },
				"Save",
				...FORMATS.map(([format, text, title]) => {
					const made = act(
						text,
						closing(() => actions.save(format)),
					);
					made.title = title;
					return made;
				}),
			),
		);
	};
	const made = popup(button, box, label, fill);
	return { root: made.root, button, close: made.close };
}

function act(text: string, run: () => void): HTMLButtonElement {
	const button = element("button", "nbviz-button nbviz-button-small", { type: "button" }, text);
	button.addEventListener("click", run);
	return button;
}

function check(text: string, isOn: boolean, set: (isOn: boolean) => void): HTMLElement {
	const input = element("input", "", { type: "checkbox" });
	input.checked = isOn;
	input.addEventListener("change", () => set(input.checked));
	return element("label", "nbviz-chart-menu-check", {}, input, text);
}

/** A list of the charts in which this one can be drawn, too. */
function join(others: ChartState["others"], choose: (title: string) => void): HTMLElement {
	const select = element(
		"select",
		"nbviz-select",
		{ "aria-label": "Draw in one chart with" },
		element("option", "", { value: "" }, "Draw with…"),
		...others.map(([title, name]) => element("option", "", { value: title }, name)),
	);
	select.disabled = others.length === 0;
	select.addEventListener("change", () => {
		if (select.value) choose(select.value);
	});
	return select;
}
