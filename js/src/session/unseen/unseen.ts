// What trains without a view, said above the view that opened last: a line each, to show or to stop it.
import { element } from "../../ui/element";
import { icon } from "../../ui/icons";
import type { Mount } from "../panel";

const ACTS = [
	["Show it here", "show"],
	["Stop it", "stop"],
] as const;

/** Adds the lines to `root` while there are some. */
export const unseenRuns: Mount = (root, { store, asker }) => {
	const lines = element("div", "nbviz-unseen", { role: "status" });
	const dismissed = new Set<string>();
	let drawn: unknown;
	const draw = () => {
		if (drawn === store.unseen) return;
		drawn = store.unseen;
		const shown = store.unseen.filter(({ run_id }) => !dismissed.has(run_id));
		lines.replaceChildren(
			...shown.map(({ run_id, text }) => {
				const said = element("span", "nbviz-message-text", {}, text);
				const line = element("div", "nbviz-message", {}, said);
				const button = (label: string, inside: Node | string, act: () => void) => {
					const kind = inside === label ? "" : " nbviz-button-quiet";
					const attributes = { type: "button", "aria-label": label };
					const made = element(
						"button",
						`nbviz-button nbviz-button-small${kind}`,
						attributes,
						inside,
					);
					made.addEventListener("click", act);
					line.append(made);
				};
				for (const [label, act] of run_id ? ACTS : []) {
					button(label, label, () => {
						asker.ask({ kind: "act_on_unseen", run_id, act }).then(
							() => line.remove(),
							(error: Error) => said.replaceChildren(error.message),
						);
					});
				}
				button("Dismiss the message", icon("close"), () => {
					dismissed.add(run_id);
					line.remove();
				});
				return line;
			}),
		);
		if (shown.length > 0) root.prepend(lines);
	};
	draw();
	return store.subscribe(draw);
};
