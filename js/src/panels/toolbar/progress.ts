// How far a run is: the bar, what of it stands in the toolbar's line, and the other facts.

import type { RunChanged } from "../../protocol/index.gen";
import { element } from "../../ui/element";
import {
	formatBytes,
	formatCount,
	formatDuration,
	formatNumber,
	formatPercent,
} from "../../ui/format";

/** As in the kernel, `DEFAULT_SHARE` of recording/overhead.py. */
const HIGH_OVERHEAD = 0.01;
const MOST_EPOCH_MARKS = 60;

interface Fact {
	readonly root: HTMLElement;
	show(text: string | undefined, title?: string): void;
	/** Shows a count and, where there is room, of how many. */
	count(value: number, total: number | null): void;
}

/** A labelled number that disappears while it is unknown. */
function fact(label: string, className = ""): Fact {
	const value = element("b", "nbviz-fact-value");
	const root = element(
		"span",
		`nbviz-fact ${className}`,
		{},
		element("span", "nbviz-fact-label", {}, label),
		value,
	);
	root.hidden = true;
	const done = document.createTextNode("");
	const total = element("span", "nbviz-total");
	return {
		root,
		count(now, all) {
			root.hidden = false;
			if (!total.isConnected) value.replaceChildren(done, total);
			done.data = formatCount(now);
			const text = all === null ? "" : ` / ${formatCount(all)}`;
			if (total.textContent !== text) total.textContent = text;
			root.title = `${formatCount(now)}${text}`;
		},
		show(text, title = "") {
			root.hidden = text === undefined;
			if (text !== undefined && value.textContent !== text) value.textContent = text;
			if (root.title !== title) root.title = title;
		},
	};
}

export class ProgressView {
	readonly bar = element("div", "nbviz-progress", {
		role: "progressbar",
		"aria-label": "Training progress",
		"aria-valuemin": "0",
	});
	/** Step, epoch and time left. */
	readonly line = element("div", "nbviz-line-facts");
	readonly facts = element("div", "nbviz-facts");
	private readonly done = element("div", "nbviz-progress-done");
	private readonly marks = element("div", "nbviz-progress-marks");
	private readonly step = fact("step");
	private readonly epoch = fact("epoch");
	private readonly left = fact("left", "nbviz-fact-left");
	private readonly speed = fact("Steps/s");
	private readonly elapsed = fact("Elapsed");
	private readonly device = fact("Device");
	private readonly memory = fact("Memory");
	private readonly overhead = fact("nbviz");
	private readonly ofStep = element("span", "nbviz-fact-label");
	/** The same in the line, while it is above what is promised. */
	private readonly high = fact("nbviz");
	private readonly memoryDone = element("span", "nbviz-meter-done");
	private readonly memoryMeter = element("span", "nbviz-meter", {}, this.memoryDone);

	constructor() {
		this.bar.append(this.done, this.marks);
		this.memory.root.append(this.memoryMeter);
		this.overhead.root.append(this.ofStep);
		for (const { root } of [this.step, this.epoch, this.left, this.high]) this.line.append(root);
		for (const { root } of [this.speed, this.elapsed, this.device, this.memory, this.overhead]) {
			this.facts.append(root);
		}
	}

	update(progress: RunChanged | undefined): void {
		this.facts.hidden = this.line.hidden = progress === undefined;
		this.bar.hidden = !progress?.total_steps;
		if (!progress) return;
		this.drawBar(progress);
		const isRunning = progress.status === "running" || progress.status === "stopping";
		const { steps_per_second, eta_seconds, overhead, overhead_text, dropped_frames } = progress;
		this.step.count(progress.step, progress.total_steps);
		this.epoch.show(progress.epoch > 0 ? outOf(progress.epoch, progress.total_epochs) : undefined);
		this.speed.show(steps_per_second === null ? undefined : formatNumber(steps_per_second, 3));
		this.left.show(
			isRunning && eta_seconds !== null ? formatDuration(eta_seconds) : undefined,
			"Estimated from the speed of the recent steps",
		);
		this.elapsed.show(
			progress.started_at > 0 ? formatDuration(progress.elapsed_seconds) : undefined,
		);
		this.device.show(progress.device || undefined);
		this.drawMemory(progress.memory_bytes, progress.memory_total);
		this.overhead.show(
			overhead === null ? undefined : formatPercent(overhead),
			`Measured: the share of the time of a step that nbviz itself takes.${
				dropped_frames > 0
					? ` ${formatCount(dropped_frames)} pictures were skipped while the page was busy; scalars never are.`
					: ""
			}`,
		);
		const words = overhead_text ? `of the time: ${overhead_text}` : "of the time";
		if (this.ofStep.textContent !== words) this.ofStep.textContent = words;
		const isHigh = (overhead ?? 0) > HIGH_OVERHEAD;
		this.overhead.root.dataset.high = this.high.root.dataset.high = String(isHigh);
		this.high.show(isHigh && isRunning ? formatPercent(overhead ?? 0) : undefined, overhead_text);
	}

	private drawBar({ step, total_steps, total_epochs, status }: RunChanged): void {
		if (!total_steps) return;
		const share = Math.min(1, step / total_steps);
		this.done.style.transform = `scaleX(${share})`;
		this.bar.dataset.status = status;
		this.bar.setAttribute("aria-valuemax", String(total_steps));
		this.bar.setAttribute("aria-valuenow", String(step));
		this.bar.title = `${Math.floor(share * 100)} % of the steps`;
		const epochs = total_epochs ?? 0;
		this.marks.hidden = epochs < 2 || epochs > MOST_EPOCH_MARKS;
		this.marks.style.setProperty("--epochs", String(epochs));
	}

	private drawMemory(used: number | null, total: number | null): void {
		this.memory.show(
			used === null ? undefined : formatBytes(used),
			total === null ? "" : `of ${formatBytes(total)}`,
		);
		this.memoryMeter.hidden = used === null || !total;
		const share = used !== null && total ? Math.min(1, used / total) : 0;
		this.memoryDone.style.transform = `scaleX(${share})`;
		this.memoryMeter.dataset.high = String(share > 0.9);
	}
}

function outOf(value: number, total: number | null): string {
	return total === null ? formatCount(value) : `${formatCount(value)} / ${formatCount(total)}`;
}
