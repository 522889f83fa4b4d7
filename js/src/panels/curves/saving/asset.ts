// Saving charts as files, as an asset: loaded when the first file is asked for.
export { CurvesSaver } from "./save";

export const version = VERSION;
