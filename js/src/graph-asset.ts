// The graph panel as an asset of its own, loaded when the panel is first seen.
export { mountGraph as mount } from "./panels/graph";
