// An image in its card; compared, with another beside it and the difference of the two.
import { PictureView } from "../../items/picture-view";
import { pixelsOf } from "../../items/pixels";
import type { ItemHost, ItemView } from "../../items/view";
import type { ImageSent } from "../../protocol/index.gen";
import { element } from "../../ui/element";
import { formatCount } from "../../ui/format";
import type { Comparison, MediaContent, Other } from "./comparison";
import { showDifference } from "./difference";

const GAP = 8; // CSS pixels between the pictures

export class ImageView implements ItemView<MediaContent> {
	readonly root = element("div", "nbviz-media-compared");
	private readonly picture: PictureView;
	private readonly captions = element("span", "nbviz-media-captions");
	private readonly other: PictureView;
	private readonly difference = element("canvas", "nbviz-items-image", { role: "img" });
	private readonly names = [0, 1, 2].map(() => element("figcaption"));
	private readonly sides: readonly HTMLElement[];
	/** What is shown beside it, by step and revision. */
	private shownOther = "";
	private beside: { readonly asked: string; readonly content: Promise<MediaContent> } | undefined;
	private size: { readonly width: number; readonly height: number } | undefined;
	private content: ImageSent | undefined;
	private room = { width: 0, height: 0 };

	constructor(
		private readonly host: ItemHost,
		private readonly comparison: Comparison | undefined,
	) {
		const within = (picture: () => HTMLElement): ItemHost => ({
			...host,
			describe: (text, x, y) => {
				const { offsetLeft, offsetTop } = picture();
				host.describe(
					text,
					x + offsetLeft - this.root.offsetLeft,
					y + offsetTop - this.root.offsetTop,
				);
			},
		});
		this.picture = new PictureView(
			within(() => this.picture.root),
			this.captions,
		);
		this.other = new PictureView(within(() => this.other.root));
		const roots = [this.picture.root, this.other.root, this.difference];
		this.sides = roots.map((one, i) =>
			element("figure", "nbviz-media-side", {}, one, this.names[i] ?? ""),
		);
		this.root.append(...this.sides);
		this.arrange();
	}

	take(content: MediaContent): void {
		if (content.kind !== "image_sent") return;
		this.content = content;
		this.picture.take(content);
		this.showCaptions(content);
	}

	show(): { step: number; note: string } | undefined {
		this.arrange();
		this.compare();
		return this.picture.show();
	}

	resize(width: number, height: number): void {
		this.room = { width, height };
		const isCompared = this.comparison?.isOn === true;
		const each = isCompared ? (width - 2 * GAP) / 3 : width;
		const high = isCompared ? height - 20 : height;
		this.picture.resize(each, high);
		this.other.resize(each, high);
		this.fitDifference(each, high);
	}

	recolour(): void {}

	remove(): void {
		this.picture.remove();
		this.other.remove();
	}

	private arrange(): void {
		const isCompared = this.comparison?.isOn === true;
		if (this.root.dataset.compared === String(isCompared)) return;
		this.root.dataset.compared = String(isCompared);
		for (const side of this.sides.slice(1)) side.hidden = !isCompared;
		for (const name of this.names) name.hidden = !isCompared;
		this.resize(this.room.width, this.room.height);
	}

	/** Shows what stands beside it, and asks for it where it is not there yet. */
	private compare(): void {
		const { comparison, content, host } = this;
		if (!comparison?.isOn || !content) return;
		const found = comparison.other(host.run_id, host.tag);
		const key = JSON.stringify([found, content.step, content.request_id]);
		if (key === this.shownOther) return;
		this.shownOther = key;
		this.names[0]?.replaceChildren(`step ${formatCount(content.step)}`);
		if (typeof found === "string") this.say(found);
		else this.stand(comparison, found, content, key);
	}

	private stand(comparison: Comparison, found: Other, a: ImageSent, key: string): void {
		const pixels = Math.ceil(Math.max(a.width, a.height) / a.reduced);
		const asked = JSON.stringify([found, pixels]);
		if (this.beside?.asked !== asked) {
			this.beside = { asked, content: comparison.load(found, pixels) };
		}
		this.beside.content
			.then((b) => {
				if (key !== this.shownOther || b.kind !== "image_sent") return undefined;
				this.names[1]?.replaceChildren(found.label);
				this.other.root.hidden = false;
				this.other.take(b);
				this.size = a;
				return this.showDifference(key);
			})
			.catch((error: unknown) => {
				if (key === this.shownOther)
					this.say(error instanceof Error ? error.message : String(error));
			});
	}

	private say(reason: string): void {
		this.beside = undefined;
		this.other.root.hidden = this.difference.hidden = true;
		this.names[1]?.replaceChildren(reason);
		this.names[2]?.replaceChildren("");
	}

	private async showDifference(key: string): Promise<void> {
		const { picture, other, difference } = this;
		await Promise.all([picture.image.decode(), other.image.decode()]);
		if (key !== this.shownOther) return;
		const [a, b] = [pixelsOf(picture.image), pixelsOf(other.image)];
		const isSame = a && b && a.width === b.width && a.height === b.height;
		difference.hidden = !isSame;
		const largest = isSame ? showDifference(difference, a, b) : 0;
		const text = isSame ? `difference ≤ ${largest}` : "of another size";
		this.names[2]?.replaceChildren(text);
		difference.title = `Drawn so that the largest difference of a channel, ${largest} of 255, is brightest`;
		difference.setAttribute("aria-label", `Difference, at most ${largest} of 255`);
		this.resize(this.room.width, this.room.height);
	}

	private fitDifference(width: number, height: number): void {
		const { size } = this;
		if (!size || width <= 0) return;
		const scale = Math.min(width / size.width, height / size.height);
		this.difference.style.width = `${size.width * scale}px`;
		this.difference.style.height = `${size.height * scale}px`;
		this.difference.dataset.pixelated = String(scale >= 1.5);
	}

	/** Right and wrong are told by a sign and an edge, as well as by colour. */
	private showCaptions({ captions, columns }: ImageSent): void {
		this.captions.style.setProperty("--columns", String(columns));
		this.captions.hidden = captions.length === 0;
		const texts = captions.map(({ text, is_right }) => `${signOf(is_right)}${text}`);
		this.captions.replaceChildren(
			...captions.map(({ is_right }, i) => {
				const text = texts[i] ?? "";
				return element(
					"span",
					"nbviz-media-caption",
					{ "data-right": String(is_right), title: text },
					element("span", "", {}, text),
				);
			}),
		);
		if (texts.length > 0) this.picture.image.alt += `: ${texts.join("; ")}`;
	}
}

function signOf(isRight: boolean | null): string {
	return isRight === null ? "" : isRight ? "✓ " : "✗ ";
}
