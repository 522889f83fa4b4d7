// Modules whose source came with a message: the page fetches none.

/** Imports a module from its source, in text or parts of it; the page lets go of the source afterwards. */
export async function importModule<M>(...source: BlobPart[]): Promise<M> {
	const url = URL.createObjectURL(new Blob(source, { type: "text/javascript" }));
	try {
		return await import(/* @vite-ignore */ url);
	} finally {
		URL.revokeObjectURL(url);
	}
}
