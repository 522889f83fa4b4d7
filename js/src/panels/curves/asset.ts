// The drawing of the curves as an asset, which is asked for with the first snapshot.
import lines from "../../charts/lines/lines.css";
import { styled } from "../../session/styled";
import chart from "./chart/chart.css";
import curves from "./curves.css";
import { mountCurves } from "./panel";

export const version = VERSION;
export const mount = styled(mountCurves, lines, curves, chart);
