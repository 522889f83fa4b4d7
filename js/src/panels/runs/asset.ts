// The drawing of the run table as an asset, loaded when there is a second run and the panel is first seen.
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import controls from "./controls.css";
import { mountRuns } from "./panel";
import plots from "./plots.css";
import table from "./table.css";

export const version = VERSION;
export const mount = styled(mountRuns, shared, table, controls, plots);
