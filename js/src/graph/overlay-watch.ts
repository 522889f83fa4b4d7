// Tells the kernel which overlay can be seen now and on which boxes; it measures nothing else.
import type { Asker } from "../connection";
import type { RunState } from "../store";

/** As many as the kernel takes. */
const MOST = 1000;

let views = 0;

export class OverlayWatch {
	private readonly view = ++views;
	private run: RunState | undefined;
	private told = "";
	private overlay = "";
	private nodes: readonly string[] = [];
	private isSeen = true;

	constructor(
		private readonly asker: Asker,
		private readonly failed: (reason: string) => void,
	) {
		document.addEventListener("visibilitychange", this.tell);
	}

	/** What is to be measured; a run that was sent anew has forgotten what it was told. */
	follow(run: RunState | undefined, overlay: string, nodes: readonly string[]): void {
		if (run !== this.run) {
			if (this.run && run?.run_id !== this.run.run_id) this.ask(this.run, "", []);
			this.run = run;
			this.told = "";
		}
		this.overlay = overlay;
		this.nodes = nodes.slice(0, MOST);
		this.tell();
	}

	/** Whether the panel is on the screen. */
	see(isSeen: boolean): void {
		this.isSeen = isSeen;
		this.tell();
	}

	remove(): void {
		document.removeEventListener("visibilitychange", this.tell);
		if (this.run && this.told !== "") this.ask(this.run, "", []);
		this.run = undefined;
	}

	private readonly tell = (): void => {
		if (!this.run) return;
		const isShown = this.isSeen && document.visibilityState !== "hidden" && this.overlay !== "";
		const overlay = isShown ? this.overlay : "";
		const telling = isShown ? JSON.stringify([overlay, this.nodes]) : "";
		if (telling === this.told) return;
		this.told = telling;
		this.ask(this.run, overlay, isShown ? [...this.nodes] : []);
	};

	private ask(run: RunState, overlay: string, nodes: string[]): void {
		if (!this.asker.isLive) return;
		const { run_id } = run;
		const keys = overlay ? [overlay, ...nodes] : [];
		this.asker
			.ask({ kind: "set_wanted", run_id, panel: "graph", view: this.view, keys })
			.catch((error) => {
				if (overlay) this.failed(error instanceof Error ? error.message : String(error));
			});
	}
}
