// The media panel as an asset of its own, loaded when a run has media and the panel is first seen.
export { mountMedia as mount } from "./panels/media";
