// The code of Plotly and Vega, as the kernel's environment has it: fetched once for the page.
import type { Library } from "../../protocol/index.gen";
import type { Asker } from "../../session/asker";
import { inflate } from "../../session/buffers";
import { importModule } from "../../ui/import-module";

/** By name and version: two kernels of one page may have others. */
const modules = new Map<string, Promise<unknown>>();
const asked = new WeakMap<Asker, Map<Library, Promise<unknown>>>();

/** Returns what the library's module exports; rejects with the reason why there is none. */
export function loadLibrary(name: Library, run_id: string, asker: Asker): Promise<unknown> {
	const known = asked.get(asker) ?? new Map<Library, Promise<unknown>>();
	asked.set(asker, known);
	const loading = known.get(name) ?? load(name, run_id, asker);
	known.set(name, loading);
	loading.catch(() => known.delete(name));
	return loading;
}

async function load(name: Library, run_id: string, asker: Asker): Promise<unknown> {
	const part = (number: number) => asker.ask({ kind: "send_library", run_id, name, part: number });
	const first = await part(0);
	const key = `${name} ${first.version}`;
	const known = modules.get(key);
	if (known) return known;
	const parts: DataView[] = [first.bytes];
	while (parts.length < first.parts) parts.push((await part(parts.length)).bytes);
	// Another view may have been as quick.
	const loading = modules.get(key) ?? evaluate(parts);
	modules.set(key, loading);
	loading.catch(() => modules.delete(key));
	return loading;
}

async function evaluate(parts: readonly DataView[]): Promise<unknown> {
	const whole = await new Blob(parts as DataView<ArrayBuffer>[]).arrayBuffer();
	const source = await inflate(new DataView(whole));
	return (await importModule<{ default: unknown }>(source)).default;
}
