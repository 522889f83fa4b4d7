// The code that writes files comes to the page with the first file.
import type { Asker } from "../../session/asker";
import { type Asset, loadAsset } from "../../session/assets";
import type * as saving from "./saving/save";

/** Returns the class of savers. Rejects where the asset cannot be loaded. */
export async function loadSaving(asker: Asker): Promise<typeof saving.CurvesSaver> {
	const { CurvesSaver } = (await loadAsset("saving", asker)) as Asset & typeof saving;
	return CurvesSaver;
}
