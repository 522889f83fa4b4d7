// The drawing of the log panel as an asset, loaded when it is first seen.
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import log from "./log.css";
import { mountLog } from "./panel";

export const version = VERSION;
export const mount = styled(mountLog, shared, log);
