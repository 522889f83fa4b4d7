// A figure drawn by Plotly: as its author made it where it is enlarged, else with what a card has room for.
import type { Drawing, Room } from "./drawing";

/** The part of Plotly that is used. */
interface Plotly {
	react(root: HTMLElement, figure: object): Promise<unknown>;
	purge(root: HTMLElement): void;
}

type Fields = Record<string, unknown>;

const SMALLER = 0.75; // of a card: more fits in, and it can still be read
const CONFIG = { displaylogo: false, showSendToCloud: false, plotlyServerURL: "" };

export function plotlyDrawing(library: unknown, root: HTMLElement): Drawing {
	const plotly = library as Plotly;
	const inner = document.createElement("div");
	root.replaceChildren(inner);
	return {
		async draw(figure, room) {
			const { data = [], layout = {}, frames = [] } = figure as Record<string, unknown>;
			const scale = room.isEnlarged ? 1 : SMALLER;
			inner.style.transform = scale === 1 ? "" : `scale(${scale})`;
			inner.style.transformOrigin = "0 0";
			const config = { ...CONFIG, displayModeBar: room.isEnlarged };
			const fitted = plotlyLayout(fieldsOf(layout), room, scale);
			await plotly.react(inner, { data, layout: fitted, frames, config });
		},
		remove() {
			plotly.purge(inner);
			inner.remove();
		},
	};
}

/** The layout for a room; in a card margins are as narrow as the axes' labels let them be. */
export function plotlyLayout(
	layout: Fields,
	{ width, height, isEnlarged }: Room,
	scale = 1,
): Fields {
	const size = { autosize: false, width: width / scale, height: height / scale };
	if (isEnlarged) return { ...layout, ...size };
	const has = (value: unknown) => String(fieldsOf(value).text ?? value ?? "") !== "";
	const axes = Object.entries(layout)
		.filter(([name]) => /^[xy]axis\d*$/.test(name))
		.map(([name, axis]) => [name, { ...fieldsOf(axis), automargin: true }]);
	const fitted = {
		...layout,
		xaxis: { automargin: true },
		yaxis: { automargin: true },
		...Object.fromEntries(axes),
		margin: { l: 12, r: 16, t: has(layout.title) ? 44 : 16, b: 12, pad: 0 },
		...size,
	};
	// A list beside the plot would leave no plot: hovering names what is pointed at.
	return { ...fitted, showlegend: false };
}

function fieldsOf(value: unknown): Fields {
	return typeof value === "object" && value !== null ? (value as Fields) : {};
}
