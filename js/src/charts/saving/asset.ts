// Files of charts as an asset of their own: most readers never save one.
export { toCsv, toPng } from "./files";
export { toSvg } from "./svg";

export const version = VERSION;
