// The drawing of the curves as an asset, which is asked for with the first snapshot.
import lines from "../../charts/lines/lines.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import chart from "./chart/chart.css";
import curves from "./curves.css";
import { mountCurves } from "./panel";

export const version = VERSION;
export const mount = styled(mountCurves, shared, lines, curves, chart);
