// Texts of a run: as Markdown or as they were written, searched and copied.
import { mountItems } from "../../items/panel";
import type { ItemHost, ItemView } from "../../items/view";
import type { Answered } from "../../session/asker";
import { itemState } from "../../session/item-panel";
import { element } from "../../ui/element";
import { formatCount } from "../../ui/format";
import { panelIcon } from "../../ui/panel-icons";
import { segmentedControl } from "../../ui/segmented-control";
import { parseMarkdown } from "./markdown";
import { mark, nodesOf } from "./nodes";

type TextContent = Answered<"send_text">;
type Form = "markdown" | "source";

const ABOVE = 40; // CSS pixels that stay above what was found

/** What is chosen for all texts of a panel. */
interface Shown {
	form: Form;
	query: string;
}

export const mountText = mountItems<TextContent>(({ context, changed }) => {
	const { form } = context.viewState.read("text-form");
	const shown: Shown = { form: form === "source" ? "source" : "markdown", query: "" };
	const forms = segmentedControl<Form>(
		"Form of the texts",
		{ Markdown: "markdown", Source: "source" },
		shown.form,
		(chosen) => {
			shown.form = chosen;
			context.viewState.write("text-form", { form: chosen });
			changed();
		},
	);
	const search = element("input", "nbviz-input nbviz-filter", {
		type: "search",
		placeholder: "Search the texts",
		"aria-label": "Search the texts",
		spellcheck: "false",
	});
	search.addEventListener("input", () => {
		shown.query = search.value.trim();
		changed();
	});
	return {
		name: "text",
		title: "Text",
		noun: "texts",
		state: itemState("text"),
		tools: [search, forms],
		ask: (asker, { run_id, tag, step }) => asker.ask({ kind: "send_text", run_id, tag, step }),
		view: (_, host) => new TextView(host, shown),
	};
});

class TextView implements ItemView<TextContent> {
	readonly root: HTMLElement;
	private readonly body = element("div", "nbviz-text-body");
	private readonly copier: HTMLButtonElement;
	private content: TextContent | undefined;
	private found = 0;

	constructor(
		{ tag }: ItemHost,
		private readonly shown: Shown,
	) {
		this.copier = element(
			"button",
			"nbviz-button nbviz-button-quiet nbviz-icon-button",
			{ type: "button", title: "Copy the source", "aria-label": `Copy the source of ${tag}` },
			panelIcon("copy"),
		);
		this.copier.addEventListener("click", () => this.copy());
		this.root = element(
			"div",
			"nbviz-text-view",
			{ tabindex: "0", role: "region", "aria-label": tag, "data-lm-suppress-shortcuts": "true" },
			this.copier,
			this.body,
		);
	}

	take(content: TextContent): void {
		this.content = content;
		this.recolour();
	}

	show(): { step: number; note: string } | undefined {
		if (!this.content) return undefined;
		const { step, omitted } = this.content;
		const notes = this.shown.query === "" ? [] : [`${formatCount(this.found)} found`];
		if (omitted > 0) notes.push(`${formatCount(omitted)} more characters`);
		return { step, note: notes.join(", ") };
	}

	resize(): void {}

	recolour(): void {
		if (!this.content) return;
		const { text, markdown } = this.content;
		const isSource = this.shown.form === "source" || !markdown;
		this.root.dataset.form = isSource ? "source" : "markdown";
		const nodes = isSource
			? [element("pre", "nbviz-text-source", {}, text)]
			: nodesOf(parseMarkdown(text));
		this.body.replaceChildren(...nodes);
		this.found = mark(this.body, this.shown.query);
		const first = this.body.querySelector("mark");
		// Within the card: the page stays where it is.
		if (first && this.root.parentElement) {
			this.root.parentElement.scrollTop = Math.max(0, first.offsetTop - ABOVE);
		}
	}

	remove(): void {}

	private copy(): void {
		const { text = "" } = this.content ?? {};
		// A page that is not served securely has no clipboard.
		const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("none"));
		const say = (words: string) => {
			this.copier.title = words;
			this.copier.dataset.said = words;
		};
		written.then(
			() => say("Copied"),
			() => say("The browser does not let this page copy"),
		);
	}
}
