// One sample: what it looks like, what is predicted and what is true, and how that came about.

import { placeAt } from "../../session/item-index";
import { element } from "../../ui/element";
import { formatCount, formatPercent } from "../../ui/format";
import {
	type Course,
	confidenceOf,
	isMistake,
	nameOf,
	type Predictions,
	predictedOf,
	type Sample,
} from "./samples";
import type { Picture } from "./seen";

const SIDE = 76; // CSS pixels of a picture's longer side
const WIDTH = 100;
const HEIGHT = 24;
const SVG = "http://www.w3.org/2000/svg";

export class SampleCard {
	readonly root: HTMLButtonElement;
	private readonly look = element("span", "nbviz-predictions-look", { "aria-hidden": "true" });
	private readonly predicted = element("span", "nbviz-predictions-predicted");
	private readonly truth = element("span", "nbviz-predictions-truth");
	private readonly place = element("span", "nbviz-predictions-index");
	private readonly line = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });

	constructor(
		readonly index: number,
		follow: () => void,
	) {
		this.line.setAttribute("class", "nbviz-predictions-line");
		this.line.setAttribute("preserveAspectRatio", "none");
		this.place.textContent = `#${index}`;
		this.root = element(
			"button",
			"nbviz-predictions-sample",
			{ type: "button", "data-index": String(index) },
			this.look,
			this.predicted,
			this.truth,
			this.line as unknown as HTMLElement,
			this.place,
		);
		this.root.addEventListener("click", follow);
	}

	show(
		sample: Sample,
		all: Predictions,
		look: Picture | string | undefined,
		course: Course | undefined,
		isFollowed: boolean,
	): void {
		const { root } = this;
		const [guess, truth] = [nameOf(all, predictedOf(sample)), nameOf(all, sample.target)];
		const wrong = isMistake(sample);
		const isLabelled = sample.target >= 0;
		root.dataset.right = isLabelled ? String(!wrong) : "";
		root.dataset.step = String(all.step);
		root.setAttribute("aria-pressed", String(isFollowed));
		const isBroken = predictedOf(sample) < 0;
		this.predicted.replaceChildren(
			element("bdi", "nbviz-predictions-name", {}, isBroken ? "NaN" : guess),
			percent(confidenceOf(sample)),
		);
		this.truth.replaceChildren(
			...(wrong
				? [
						element("span", "nbviz-predictions-name", {}, "is ", element("bdi", "", {}, truth)),
						percent(sample.own),
					]
				: [isLabelled ? "right" : "no label"]),
		);
		this.showLook(look);
		this.drawLine(course, all.step);
		const ranks = sample.ranked
			.filter(({ index, share }) => index >= 0 && !Number.isNaN(share))
			.map(({ index, share }) => `${nameOf(all, index)} ${formatPercent(share)}`);
		const said = [
			`Sample ${formatCount(sample.index)}`,
			isBroken ? "scores are NaN" : `predicted ${guess}`,
			isLabelled ? `true class ${truth}${wrong ? "" : ", right"}` : "no label",
			...(ranks.length > 0 ? [ranks.join(", ")] : []),
			...(course ? [courseSaid(course)] : []),
		];
		root.setAttribute("aria-label", said.join("; "));
		root.title = `${said.join("\n")}\n${isFollowed ? "Click to follow it no more" : "Click to follow it through the steps"}`;
	}

	private showLook(look: Picture | string | undefined): void {
		const { style } = this.look;
		const isPicture = typeof look === "object";
		this.look.dataset.kind = isPicture ? "picture" : "text";
		if (!isPicture) {
			this.look.textContent = look ?? "";
			this.look.hidden = look === "";
			style.cssText = "";
			return;
		}
		const { url, column, row, columns, width, height } = look;
		const scale = SIDE / Math.max(width, height);
		this.look.hidden = false;
		this.look.textContent = "";
		style.width = `${width * scale}px`;
		style.height = `${height * scale}px`;
		style.backgroundImage = `url("${url}")`;
		style.backgroundSize = `${columns * width * scale}px auto`;
		style.backgroundPosition = `${-column * width * scale}px ${-row * height * scale}px`;
	}

	/** The probability of the true class over the steps, and where the step is that is shown. */
	private drawLine(course: Course | undefined, step: number): void {
		const known = course ? [...course.own].filter((own) => !Number.isNaN(own)).length : 0;
		this.line.style.visibility = course && known > 1 ? "" : "hidden";
		if (!course || known < 2) return;
		const { steps, own } = course;
		const first = steps[0] ?? 0;
		const span = Math.max(1, (steps.at(-1) ?? 0) - first);
		const x = (at: number) => (((at - first) / span) * (WIDTH - 4) + 2).toFixed(1);
		const y = (share: number) => ((1 - share) * (HEIGHT - 4) + 2).toFixed(1);
		const path: string[] = [];
		let isOn = false;
		for (const [i, share] of own.entries()) {
			if (Number.isNaN(share)) isOn = false;
			else {
				path.push(`${isOn ? "L" : "M"}${x(steps[i] ?? 0)} ${y(share)}`);
				isOn = true;
			}
		}
		const at = placeAt([...steps], step);
		const now = x(steps[Math.max(0, at)] ?? first);
		this.line.dataset.points = String(known);
		this.line.dataset.at = String(steps[Math.max(0, at)] ?? first);
		this.line.replaceChildren(
			svg("path", { d: `M${now} 0V${HEIGHT}`, class: "nbviz-predictions-now" }),
			svg("path", { d: path.join(""), class: "nbviz-predictions-course" }),
		);
	}
}

function percent(share: number): string {
	return Number.isNaN(share) ? "" : ` ${formatPercent(share)}`;
}

/** When it was last predicted otherwise, for those who do not see the line. */
function courseSaid({ steps, own }: Course): string {
	const [first, last] = [own[0] ?? Number.NaN, own.at(-1) ?? Number.NaN];
	if (Number.isNaN(first) || Number.isNaN(last) || steps.length < 2) return "";
	return `the true class ${formatPercent(first)} at step ${formatCount(steps[0] ?? 0)}, ${formatPercent(last)} at step ${formatCount(steps.at(-1) ?? 0)}`;
}

function svg(tag: string, attributes: Record<string, string>): SVGElement {
	const made = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
	return made;
}
