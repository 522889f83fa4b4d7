// Meshes of a run; a large one comes in several messages.
import { mountItems } from "../../items/panel";
import type { Asker } from "../../session/asker";
import { itemState } from "../../session/item-panel";
import { type MeshContent, MeshView } from "./view";

export const mountMesh = mountItems<MeshContent>({
	name: "mesh",
	title: "Meshes",
	noun: "meshes",
	state: itemState("mesh"),
	ask: (asker, { run_id, tag, step }) => fetchMesh(asker, run_id, tag, step),
	view: (_, host) => new MeshView(host),
});

async function fetchMesh(
	asker: Asker,
	run_id: string,
	tag: string,
	step: number,
): Promise<MeshContent> {
	const ask = (start: number) => asker.ask({ kind: "send_mesh", run_id, tag, step, start });
	const first = await ask(0);
	const whole = new Uint8Array(first.size);
	let start = 0;
	for (let part = first; ; part = await ask(start)) {
		const { buffer, byteOffset, byteLength } = part.bytes;
		whole.set(new Uint8Array(buffer, byteOffset, byteLength), start);
		start += byteLength;
		if (start >= first.size || byteLength === 0) break;
	}
	return { ...first, bytes: new DataView(whole.buffer) };
}
