// The box beside the crosshair: step, time, and every line's value there.
import type { Reading } from "../../../charts/readout";
import { spread } from "../../../charts/readout";
import { element } from "../../../ui/element";
import { formatClock, formatCount, formatNumber } from "../../../ui/format";

const GAP = 14;
/** Lines whose values are written. */
export const TOOLTIP_ROWS = 8;
/** Lines of which what their pixel holds is written, too, where there are more: the nearest ones. */
const SPREAD_ROWS = 2;

export class CurvesTooltip {
	readonly root = element("div", "nbviz-curves-tip", { "aria-hidden": "true" });

	constructor() {
		this.hide();
	}

	hide(): void {
		this.root.hidden = true;
	}

	/**
	 * Shows `readings`, the first ones of them, beside `left` (CSS pixels in a host `width` wide).
	 * `notes` are events there; `place` is the step in the x axis' own terms where those are others.
	 */
	show(
		readings: readonly Reading[],
		step: number,
		place: string,
		notes: readonly string[],
		left: number,
		width: number,
	): void {
		const nearest = readings.find((reading) => reading.step === step) ?? readings[0];
		if (!nearest && notes.length === 0) {
			this.hide();
			return;
		}
		const head = element("div", "nbviz-tip-head", {}, place || `Step ${formatCount(step)}`);
		const beside = place ? `step ${formatCount(step)}` : nearest && formatClock(nearest.wallTime);
		if (beside) head.append(element("span", "", {}, beside));
		const shown = readings.slice(0, TOOLTIP_ROWS);
		const spreads = shown.length > 2 * SPREAD_ROWS ? SPREAD_ROWS : shown.length;
		const rows = shown.map((reading, place) => row(reading, step, place < spreads));
		const events = notes.map((note) => element("div", "nbviz-tip-event", {}, note));
		const more = readings.length - rows.length;
		const rest =
			more > 0 ? [element("div", "nbviz-tip-more", {}, `+ ${formatCount(more)} more`)] : [];
		this.root.replaceChildren(head, ...events, ...rows, ...rest);
		this.root.hidden = false;
		const own = this.root.offsetWidth;
		const right = left + GAP + own <= width || left < own + GAP;
		this.root.style.transform = `translateX(${Math.round(right ? left + GAP : left - GAP - own)}px)`;
	}
}

function row(reading: Reading, step: number, hasSpread: boolean): HTMLElement {
	const swatch = element("span", "nbviz-line-swatch");
	swatch.style.color = reading.color;
	swatch.dataset.dashed = String(reading.isDashed);
	const main = reading.smoothed ?? reading.value;
	const raw = reading.smoothed === undefined ? "" : formatNumber(reading.value);
	const notes = [
		hasSpread ? spread(reading) : "",
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
