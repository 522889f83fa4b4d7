// Sounds of a run: a file comes in parts, is played, and drawn as a wave or a spectrogram.
import { mountItems } from "../../items/panel";
import type { Answered, Asker } from "../../session/asker";
import { itemState } from "../../session/item-panel";
import { segmentedControl } from "../../ui/segmented-control";
import { type AudioContent, type Form, type Shown, SoundView } from "./view";

export const mountAudio = mountItems<AudioContent>(({ context, changed }) => {
	const { form } = context.viewState.read("audio-form");
	const shown: Shown = { form: form === "spectrogram" ? "spectrogram" : "wave" };
	const forms = segmentedControl<Form>(
		"Form of the sounds",
		{ Wave: "wave", Spectrogram: "spectrogram" },
		shown.form,
		(chosen) => {
			shown.form = chosen;
			context.viewState.write("audio-form", { form: chosen });
			changed();
		},
	);
	return {
		name: "audio",
		title: "Audio",
		noun: "sounds",
		state: itemState("audio"),
		tools: [forms],
		ask: (asker, { run_id, tag, step }) => whole(asker, run_id, tag, step),
		view: (_, host) => new SoundView(host, shown),
	};
});

/** Asks for the parts of a sound until it is there. */
export async function whole(
	asker: Asker,
	run_id: string,
	tag: string,
	step: number,
): Promise<AudioContent> {
	const ask = (step: number, start: number) =>
		asker.ask({ kind: "send_audio", run_id, tag, step, start });
	const first: Answered<"send_audio"> = await ask(step, 0);
	const file = new Uint8Array(first.size);
	let there = 0;
	for (let part = first; ; part = await ask(first.step, there)) {
		const { buffer, byteOffset, byteLength } = part.bytes;
		// It was logged again meanwhile, or nothing comes.
		if (part.size !== first.size || byteLength === 0) throw new Error("The sound has changed.");
		file.set(new Uint8Array(buffer, byteOffset, Math.min(byteLength, first.size - there)), there);
		there += byteLength;
		if (there >= first.size) return { ...first, bytes: new DataView(file.buffer) };
	}
}
