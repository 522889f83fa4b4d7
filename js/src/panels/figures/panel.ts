// Figures of a run: what plotting libraries drew, or a line that says how they can be drawn.
import { mountItems } from "../../items/panel";
import { PictureView } from "../../items/picture-view";
import type { ItemHost, ItemView } from "../../items/view";
import type { Answered } from "../../session/asker";
import { itemState } from "../../session/item-panel";
import { element } from "../../ui/element";

type FigureContent = Answered<"send_figure">;

export const mountFigures = mountItems<FigureContent>({
	name: "figures",
	title: "Figures",
	noun: "figures",
	state: itemState("figures"),
	ask: (asker, { run_id, tag, step, pixels }) =>
		asker.ask({ kind: "send_figure", run_id, tag, step, pixels }),
	view: (_, host) => new FigureView(host),
});

class FigureView implements ItemView<FigureContent> {
	readonly root: HTMLElement;
	private readonly picture: PictureView;
	private readonly note = element("p", "nbviz-empty");
	private step: number | undefined;
	private library = "";

	constructor(host: ItemHost) {
		this.picture = new PictureView(host);
		this.root = element("div", "nbviz-figure", {}, this.picture.root, this.note);
	}

	take(content: FigureContent): void {
		const { step, note, library } = content;
		this.step = step;
		this.library = library;
		this.picture.root.hidden = note !== "";
		this.note.hidden = note === "";
		this.note.textContent = `A figure of ${library}: ${note}`;
		if (note === "") this.picture.take(content, `${library}, `);
	}

	show(): { step: number; note: string } | undefined {
		if (this.step === undefined) return undefined;
		return this.note.hidden ? this.picture.show() : { step: this.step, note: this.library };
	}

	resize(width: number, height: number): void {
		this.picture.resize(width, height);
	}

	recolour(): void {}

	remove(): void {
		this.picture.remove();
	}
}
