// The time line as an asset, loaded when a run has something that is shown one step at a time.
import { styled } from "../session/styled";
import { timeline } from "./timeline";
import styles from "./timeline.css";

export const version = VERSION;
export const mount = styled(timeline, styles);
