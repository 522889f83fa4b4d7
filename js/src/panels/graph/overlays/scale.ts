// What the graph can be coloured by, and how a value becomes a colour and a text.

import type { OverlayName } from "../../../protocol/index.gen";
import { formatDuration, formatNumber, formatPercent } from "../../../ui/format";

type Kind = "sign" | "size" | "share";

interface Overlay {
	readonly label: string;
	readonly hint: string;
	readonly kind: Kind;
	readonly text: (value: number) => string;
}

const number = (value: number) => formatNumber(value, 3);

export const OVERLAYS: Record<OverlayName, Overlay> = {
	activation_mean: {
		label: "Activation mean",
		hint: "Mean of what each module returned",
		kind: "sign",
		text: number,
	},
	activation_std: {
		label: "Activation std",
		hint: "Standard deviation of what each module returned",
		kind: "size",
		text: number,
	},
	dead_share: {
		label: "Dead ReLU share",
		hint: "Features of each ReLU that were 0 throughout the batch",
		kind: "share",
		text: formatPercent,
	},
	nonfinite_share: {
		label: "NaN and infinities",
		hint: "Values of each result that are NaN or infinite",
		kind: "share",
		text: formatPercent,
	},
	time: {
		label: "Time",
		hint: "Forward pass of each module, with all that is in it",
		kind: "size",
		text: seconds,
	},
	gradient_norm: {
		label: "Gradient norm",
		hint: "Norm of the gradient of each module's parameters",
		kind: "size",
		text: number,
	},
	weight_norm: {
		label: "Weight norm",
		hint: "Norm of each module's parameters",
		kind: "size",
		text: number,
	},
	update_ratio: {
		label: "Update / weight",
		hint: "Norm of the last step's change over that of the weights before it",
		kind: "size",
		text: number,
	},
};

/** Values with a ratio above this have a logarithmic scale. */
const WIDE = 30;

export interface Scale {
	readonly minimum: number;
	readonly maximum: number;
	readonly isLog: boolean;
	/** From -1 to 1 for values with a sign, else from 0 to 1; NaN for what is not a number. */
	share(value: number): number;
}

/** The scale that fits the values of an overlay. */
export function scaleOf(overlay: OverlayName, values: Iterable<number>): Scale {
	const finite = [...values].filter(Number.isFinite);
	const { kind } = OVERLAYS[overlay];
	if (kind === "share") return linear(0, 1);
	if (kind === "sign") {
		const limit = Math.max(0, ...finite.map(Math.abs)) || 1;
		return {
			minimum: -limit,
			maximum: limit,
			isLog: false,
			share: (value) => value / limit,
		};
	}
	const positive = finite.filter((value) => value > 0);
	const maximum = Math.max(0, ...positive) || 1;
	const minimum = Math.min(maximum, ...positive);
	if (maximum / minimum <= WIDE) return linear(0, maximum);
	const span = Math.log(maximum / minimum);
	return {
		minimum,
		maximum,
		isLog: true,
		share: (value) => (value > 0 ? 0.06 + 0.94 * (Math.log(value / minimum) / span) : 0),
	};
}

function linear(minimum: number, maximum: number): Scale {
	return { minimum, maximum, isLog: false, share: (value) => value / maximum };
}

/** A share as a CSS colour: mixed so that the theme's text stays readable on it. */
export function colourOf(share: number): string {
	if (!Number.isFinite(share)) return "var(--nbviz-graph-nan)";
	const name = share < 0 ? "cold" : "hot";
	const amount = Math.round(Math.min(1, Math.abs(share)) * 100);
	return `color-mix(in oklab, var(--nbviz-graph-${name}) ${amount}%, var(--nbviz-surface))`;
}

function seconds(value: number): string {
	if (value >= 1) return formatDuration(value);
	return value >= 1e-3 ? `${number(value * 1e3)} ms` : `${number(value * 1e6)} µs`;
}
