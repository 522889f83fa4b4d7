// The values that can be changed as an asset, loaded when a run has some.
export { Settings } from "./settings";

export const version = VERSION;
