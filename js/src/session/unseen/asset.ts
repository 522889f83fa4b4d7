// What trains without a view as an asset, loaded when there is such a run.
import { unseenRuns } from "./unseen";

export const version = VERSION;
export const mount = unseenRuns;
