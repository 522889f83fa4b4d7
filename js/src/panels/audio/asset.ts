// The drawing of the audio panel as an asset, loaded when a run has sounds and the panel is first seen.
import heatmap from "../../charts/heatmap/heatmap.css";
import items from "../../items/items.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import audio from "./audio.css";
import { mountAudio } from "./panel";

export const version = VERSION;
export const mount = styled(mountAudio, shared, heatmap, items, audio);
