// A widget of its own: a model's summary, whose table came with the widget and never changes.
import type { SummaryTable } from "../protocol/index.gen";
import base from "../ui/base.css";
import controls from "../ui/controls.css";
import tokens from "../ui/tokens.css";
import { viewRoot } from "../ui/view-root";
import summary from "./summary.css";
import { SummaryPanel } from "./table";

/** The part of anywidget's model that this widget uses. */
interface Model {
	get(name: string): unknown;
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
	const styles = [tokens, base, controls, summary];
	const { root, show, remove } = viewRoot(el, styles, String(model.get("_view_id") ?? ""), true);
	new SummaryPanel(root, model.get("_table") as SummaryTable);
	show();
	root.dataset.nbviz = "ready";
	return remove;
}

export default { render };
