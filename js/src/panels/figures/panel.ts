// Figures of a run: drawn by their library in the page, where it is there; else what it drew, or a line that
// says how they can be drawn.
import { mountItems } from "../../items/panel";
import { PictureView } from "../../items/picture-view";
import type { ItemHost, ItemView } from "../../items/view";
import type { Library } from "../../protocol/index.gen";
import type { Answered, Asker } from "../../session/asker";
import { inflate } from "../../session/buffers";
import { itemState } from "../../session/item-panel";
import { element } from "../../ui/element";
import type { Described } from "./drawing";
import { DrawnFigure } from "./drawn-figure";
import { loadLibrary } from "./libraries";

/** A figure as it came; `described` where the page draws it. */
type FigureContent = Answered<"send_figure"> & { readonly described?: Described };

export const mountFigures = mountItems<FigureContent>(({ context: { asker } }) => ({
	name: "figures",
	title: "Figures",
	noun: "figures",
	state: itemState("figures"),
	ask: (of, { run_id, tag, step, pixels }) => ask(of, run_id, tag, step, pixels, of.isLive),
	view: (_, host) => new FigureView(host, asker),
}));

async function ask(
	asker: Asker,
	run_id: string,
	tag: string,
	step: number,
	pixels: number,
	draws: boolean,
): Promise<FigureContent> {
	const sent = await asker.ask({ kind: "send_figure", run_id, tag, step, pixels, draws });
	if (sent.media_type !== "application/json") return sent;
	const figure = JSON.parse(new TextDecoder().decode(await inflate(sent.bytes)));
	return { ...sent, described: { library: sent.library as Library, step: sent.step, figure } };
}

class FigureView implements ItemView<FigureContent> {
	readonly root: HTMLElement;
	private readonly picture: PictureView;
	private readonly drawn: DrawnFigure;
	private readonly note = element("p", "nbviz-empty");
	private shown: { step: number; note: string } | undefined;

	constructor(
		private readonly host: ItemHost,
		private readonly asker: Asker,
	) {
		this.picture = new PictureView(host);
		this.drawn = new DrawnFigure(
			(library) => loadLibrary(library, host.run_id, asker),
			(described, reason) => void this.fallBack(described, reason),
		);
		const parts = [this.picture.root, this.drawn.root, this.note];
		this.root = element("div", "nbviz-figure", {}, ...parts);
	}

	take(content: FigureContent): void {
		const { step, note, library, described } = content;
		this.drawn.root.hidden = described === undefined;
		this.drawn.take(described);
		this.picture.root.hidden = note !== "" || described !== undefined;
		this.note.hidden = note === "";
		this.note.textContent = `A figure of ${library}: ${note}`;
		this.shown = { step, note: described ? `${library}, interactive` : library };
		if (described) {
			this.drawn.root.setAttribute("role", "group");
			this.drawn.root.setAttribute("aria-label", `${this.host.tag} at step ${step}, ${library}`);
		} else if (note === "" && content.media_type !== "application/json") {
			this.picture.take({ ...content, media_type: content.media_type }, `${library}, `);
			this.shown = this.picture.show();
		}
	}

	show(): { step: number; note: string } | undefined {
		return this.shown;
	}

	resize(width: number, height: number): void {
		const isEnlarged = this.root.closest("[data-enlarged=true]") !== null;
		this.drawn.resize({ width, height, isEnlarged });
		this.picture.resize(width, height);
	}

	recolour(): void {}

	remove(): void {
		this.drawn.remove();
		this.picture.remove();
	}

	/** Shows the picture in place of what the library could not draw here. */
	private async fallBack(described: Described, reason: unknown): Promise<void> {
		const said = reason instanceof Error ? reason.message : String(reason);
		const { run_id, tag } = this.host;
		const pixels = 1280;
		try {
			const sent = await ask(this.asker, run_id, tag, described.step, pixels, false);
			if (this.shown?.step !== described.step) return;
			this.take(sent.note ? { ...sent, note: `${said} ${sent.note}` } : sent);
		} catch {
			this.note.hidden = false;
			this.note.textContent = said;
		}
	}
}
