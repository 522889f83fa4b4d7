// What writes charts as files, as an asset: it is loaded when something is first saved.
export { download, fileName, toCsv, toPng } from "../export";
export { toSvg } from "../svg";

export const version = VERSION;
