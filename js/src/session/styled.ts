// An asset brings its style sheets with it: a page without its panel does without them.
import { adopt } from "../ui/sheets";
import type { Mount } from "./panel";

/** A mount that has style sheets hold where it draws. */
export function styled(mount: Mount, ...sheets: readonly string[]): Mount {
	return (host, context) => {
		adopt(host, sheets);
		return mount(host, context);
	};
}
