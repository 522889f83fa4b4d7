// The values of a run that can be changed while it trains: the main one in the toolbar's line, the others
// behind its button.
import type { Setting } from "../protocol/index.gen";
import type { RunState } from "../session/run";
import { adopt } from "../ui/sheets";
import { SettingControl } from "./setting";
import styles from "./settings.css";

export class Settings {
	private readonly controls = new Map<string, SettingControl>();
	private shown: string | undefined;

	constructor(
		private readonly first: HTMLElement,
		private readonly others: HTMLElement,
		/** Resolves when the kernel accepted the value. */
		private readonly set: (name: string, value: number) => Promise<unknown>,
	) {
		adopt(first, [styles]);
	}

	/** Shows the settings of a run, which can be changed; of undefined there are none. */
	update(run: RunState | undefined, settings: readonly Setting[]): void {
		const names = settings.map((setting) => setting.name);
		for (const [name, control] of this.controls) {
			if (names.includes(name) && this.shown === run?.run_id) continue;
			control.root.remove();
			this.controls.delete(name);
		}
		if (run) this.shown = run.run_id;
		const main = names.includes("lr") ? "lr" : names[0];
		for (const setting of settings) {
			let control = this.controls.get(setting.name);
			if (!control) {
				const isMain = setting.name === main;
				control = new SettingControl(setting, this.set, isMain);
				this.controls.set(setting.name, control);
				(isMain ? this.first : this.others).append(control.root);
			}
			const parts = settings.filter(({ name }) => name.startsWith(`${setting.name}/`));
			control.update(setting, parts);
			control.setEnabled(run !== undefined && run.progress?.status !== "stopping");
		}
	}
}
