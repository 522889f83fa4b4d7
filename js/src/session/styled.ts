// An asset brings its style sheets with it: a page without its panel does without them.
import { element } from "../ui/element";
import type { Mount } from "./panel";

/** A mount that puts style sheets beside what it draws, and takes them away with it. */
export function styled(mount: Mount, ...sheets: readonly string[]): Mount {
	return (host, context) => {
		const style = element("style");
		style.textContent = sheets.join("\n");
		host.append(style);
		const unmount = mount(host, context);
		return () => {
			unmount();
			style.remove();
		};
	};
}
