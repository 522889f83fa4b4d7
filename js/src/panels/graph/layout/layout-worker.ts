// The worker's script: lays out what it is sent. Where a page refuses workers, it is imported instead.
import { LayoutEngine, layOut } from "./engine";
import type { Direction } from "./level";
import type { LevelLayout, LevelPlan } from "./plan";

export interface LayoutRequest {
	readonly id: number;
	readonly plan: LevelPlan;
	readonly direction: Direction;
}

export type LayoutAnswer =
	| { readonly id: number; readonly layout: LevelLayout }
	| { readonly id: number; readonly error: string };

const engine = new LayoutEngine();

export function layout(plan: LevelPlan, direction: Direction): LevelLayout {
	return layOut(engine, plan, direction);
}

if (typeof document === "undefined") {
	self.addEventListener("message", ({ data }: MessageEvent<LayoutRequest>) => {
		let answer: LayoutAnswer;
		try {
			answer = { id: data.id, layout: layout(data.plan, data.direction) };
		} catch (error) {
			answer = { id: data.id, error: String(error) };
		}
		self.postMessage(answer);
	});
}
