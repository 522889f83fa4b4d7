// Cards of what was logged by tag and step, as an asset of their own: the panels that show such share it.
import * as panel from "./panel";
import * as picture from "./picture-view";
import * as pixels from "./pixels";

export const version = VERSION;

// build.mjs has other assets read this module from here.
Object.assign(globalThis, {
	[Symbol.for(`nbviz.items ${VERSION}`)]: { ...panel, ...picture, ...pixels },
});
