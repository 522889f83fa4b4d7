// What a reader chose of the places of panels, as it is kept.
import { asChoices, asTexts, type ViewState } from "../../ui/view-state";

/** Under this name it is kept. */
const STATE_NAME = "workspace";

export interface WorkspaceChoices {
	/** The open tab; undefined until one is opened. */
	readonly tab?: string;
	/** Panels that stand below the tabs by themselves, in order. */
	readonly pinned: readonly string[];
	/** Tabs in the order chosen; those that are not in it come after. */
	readonly order: readonly string[];
	/** Of curves and inspector, in CSS pixels. */
	readonly height?: number;
	/** The curves' share of the width, in per cent. */
	readonly split?: number;
	/** Of pinned panels, in CSS pixels. */
	readonly heights: Readonly<Record<string, number>>;
}

/** What is missing or of another form is left to the arrangement. */
export function readChoices(state: ViewState): WorkspaceChoices {
	const { tab, pinned, order, height, split, heights } = state.read(STATE_NAME);
	return {
		...(typeof tab === "string" ? { tab } : {}),
		...(typeof height === "number" ? { height } : {}),
		...(typeof split === "number" ? { split } : {}),
		pinned: asTexts(pinned),
		order: asTexts(order),
		heights: Object.fromEntries(
			Object.entries(asChoices(heights)).flatMap(([name, value]) =>
				typeof value === "number" ? [[name, value]] : [],
			),
		),
	};
}

export function writeChoices(state: ViewState, choices: WorkspaceChoices): void {
	state.write(STATE_NAME, { ...choices });
}

/** A list with an entry moved by a number of places. */
export function moved(list: readonly string[], name: string, by: number): string[] {
	const from = list.indexOf(name);
	const rest = list.filter((one) => one !== name);
	rest.splice(Math.max(0, Math.min(rest.length, from + by)), 0, name);
	return rest;
}
