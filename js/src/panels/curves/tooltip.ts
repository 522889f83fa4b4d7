// The box beside the crosshair: step, time, and every line's value there.
import type { Reading } from "../../charts/readout";
import { spread } from "../../charts/readout";
import { element } from "../../ui/element";
import { formatClock, formatCount, formatNumber } from "../../ui/format";

const GAP = 14;
const ROWS = 12;

export class CurvesTooltip {
	readonly root = element("div", "nbviz-curves-tip", { "aria-hidden": "true" });

	constructor() {
		this.hide();
	}

	hide(): void {
		this.root.hidden = true;
	}

	/** Shows `readings` beside `left` (CSS pixels in a host `width` wide); `notes` are events there. */
	show(
		readings: readonly Reading[],
		step: number,
		notes: readonly string[],
		left: number,
		width: number,
	): void {
		const nearest = readings.find((reading) => reading.step === step) ?? readings[0];
		if (!nearest && notes.length === 0) {
			this.hide();
			return;
		}
		const head = element("div", "nbviz-tip-head", {}, `Step ${formatCount(step)}`);
		if (nearest) head.append(element("span", "", {}, formatClock(nearest.wallTime)));
		const rows = readings.slice(0, ROWS).map((reading) => row(reading, step));
		const events = notes.map((note) => element("div", "nbviz-tip-event", {}, note));
		this.root.replaceChildren(head, ...events, ...rows);
		this.root.hidden = false;
		const own = this.root.offsetWidth;
		const right = left + GAP + own <= width || left < own + GAP;
		this.root.style.transform = `translateX(${Math.round(right ? left + GAP : left - GAP - own)}px)`;
	}
}

function row(reading: Reading, step: number): HTMLElement {
	const swatch = element("span", "nbviz-line-swatch");
	swatch.style.color = reading.color;
	swatch.dataset.dashed = String(reading.isDashed);
	const main = reading.smoothed ?? reading.value;
	const raw = reading.smoothed === undefined ? "" : formatNumber(reading.value);
	const notes = [
		spread(reading),
		reading.step === step ? "" : `at step ${formatCount(reading.step)}`,
	];
	const note = notes.filter(Boolean).join(", ");
	return element(
		"div",
		"nbviz-tip-row",
		{},
		swatch,
		element("span", "nbviz-tip-name", {}, reading.name),
		element("span", "nbviz-tip-value", {}, formatNumber(main)),
		element("span", "nbviz-tip-raw", {}, raw),
		...(note ? [element("span", "nbviz-tip-note", {}, note)] : []),
	);
}
