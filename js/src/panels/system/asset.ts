// The drawing of the system panel as an asset, loaded when a run was sampled and the panel is first seen.
import lines from "../../charts/lines/lines.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import { mountSystem } from "./panel";
import system from "./system.css";

export const version = VERSION;
export const mount = styled(mountSystem, shared, lines, system);
